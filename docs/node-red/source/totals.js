// What each day took and gave: differences of the meter's counters between two midnights of the meter's own clock.
// Kept as `totals` in the flow's context. A day whose midnight nobody saw gets no total, for the gap may lie on either side.
const KINDS = {
    electricity: {
        time: "timestamp",
        near: 300, // s: how far from midnight a reading may be that stands for it
        counters: {
            total_consumption_day: "drawn_day_kwh",
            total_consumption_night: "drawn_night_kwh",
            total_consumption: "drawn_kwh",
            total_injection_day: "injected_day_kwh",
            total_injection_night: "injected_night_kwh",
            total_injection: "injected_kwh",
        },
    },
    gas: { time: "gas_timestamp", near: 3600, counters: { total_gas_consumption: "gas_m3" } },
    water: { time: "water_timestamp", near: 3600, counters: { total_water_consumption: "water_m3" } },
    heat: { time: "heat_timestamp", near: 3600, counters: { total_heat_consumption: "heat_gj" } },
    cooling: { time: "cooling_timestamp", near: 3600, counters: { total_cooling_consumption: "cooling_gj" } },
};
const KEPT_DAYS = 31;
const DAY = 86400; // s

const secondsOfDay = (time) => time.slice(11, 19).split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
const dayAfter = (date) => new Date(Date.parse(`${date}T00:00:00Z`) + 1000 * DAY).toISOString().slice(0, 10);

function difference(start, end) {
    const both = Object.keys(start).filter((name) => name in end);
    return Object.fromEntries(both.map((name) => [name, Number((end[name] - start[name]).toFixed(3))]));
}

// The reading's own time as local text. A meter without a clock has the time of reception, in Node-RED's zone.
function timeOf(kind, reading) {
    let time = reading[KINDS[kind].time];
    if (time === undefined && kind === "electricity") {
        const local = new Date(reading.received);
        time = new Date(local - 60000 * local.getTimezoneOffset()).toISOString().slice(0, 19);
    }
    const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(time) && Number.isFinite(Date.parse(time));
    return isTime && Date.parse(time) < Date.parse(reading.received) + 1000 * DAY ? time : undefined;
}

// One reading more: `one` is what is known of the running day, `ended` the day that is over now.
function follow(one, time, values, near) {
    const date = time.slice(0, 10);
    const after = secondsOfDay(time);
    if (!one) return { one: { date, time, since: time, start: values, last: values, isWhole: after <= near } };
    const passed = (Date.parse(time) - Date.parse(one.time)) / 1000; // s
    if (passed <= 0) return { one };
    const isPart = Object.keys(one.last).some((name) => !(name in values));
    if (isPart && passed <= near) return { one }; // a line of this telegram was broken: the next one has all counters
    if (isPart || Object.keys(values).some((name) => values[name] < one.last[name])) {
        return { one: { date, time, since: time, start: values, last: values, isWhole: false } }; // another meter, or a counter begins anew
    }
    if (date === one.date) return { one: { ...one, time, last: values } };
    const before = date === dayAfter(one.date) ? DAY - secondsOfDay(one.time) : Infinity;
    const isSeen = Math.min(before, after) <= near;
    const midnight = before < after ? one.last : values;
    const isComplete = one.isWhole && isSeen && before < Infinity;
    const ended = { date: one.date, complete: isComplete, ...(isComplete ? difference(one.start, midnight) : {}) };
    return { one: { date, time, since: time, start: isSeen ? midnight : values, last: values, isWhole: isSeen }, ended };
}

const totals = flow.get("totals") || { running: {}, days: {} };
const over = [];
for (const [kind, { near, counters }] of Object.entries(KINDS)) {
    const time = timeOf(kind, msg.payload);
    const sent = Object.keys(counters).filter((name) => msg.payload[name] >= 0 && msg.payload[name] < 1e9);
    if (!time || !sent.length) continue;
    const values = Object.fromEntries(sent.map((name) => [counters[name], msg.payload[name]]));
    const { one, ended } = follow(totals.running[kind], time, values, near);
    totals.running[kind] = { ...one, sofar: difference(one.start, one.last) };
    if (ended) {
        totals.days[ended.date] = { ...totals.days[ended.date], [kind]: ended };
        over.push({ topic: `day total/${kind}`, payload: { kind, ...ended } });
    }
}
for (const date of Object.keys(totals.days).sort().slice(0, -KEPT_DAYS)) delete totals.days[date];
flow.set("totals", totals);

const today = totals.running.electricity;
if (today) {
    const sum = (way) => ["_day", "_night", ""].reduce((kwh, tariff) => kwh + (today.sofar[`${way}${tariff}_kwh`] || 0), 0);
    const since = today.isWhole ? today.date : `${today.date} since ${today.since.slice(11, 16)}`;
    node.status({
        fill: today.isWhole ? "green" : "yellow",
        shape: "dot",
        text: `${since}: ${sum("drawn").toFixed(1)} kWh drawn, ${sum("injected").toFixed(1)} kWh injected`,
    });
}
return [over];
