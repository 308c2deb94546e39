// What the page shows, as JSON. No power that is not of now.
const live = flow.get("live");
const totals = flow.get("totals") || { running: {}, days: {} };
const trouble = flow.get("trouble") ?? "waiting for the broker";
const days = { ...totals.days };
const age = live ? (Date.now() - live.at) / 1000 : Infinity; // s
const kinds = Object.entries(totals.running);
for (const [kind, { date, since, isWhole, sofar }] of kinds) {
    days[date] = { ...days[date], [kind]: { running: true, since: isWhole ? null : since.slice(11, 16), ...sofar } };
}
msg.payload = {
    base: env.get("SMARTMETER_TOPIC"),
    trouble,
    alarm: Boolean(flow.get("alarm")),
    live: trouble || age > Number(env.get("STALE_AFTER")) ? null : { ...live, age_s: Math.max(0, Math.round(age)) },
    controller: flow.get("controller") || "not there",
    loads: flow.get("loads") || [],
    days: Object.keys(days).sort().slice(-8).reverse().map((date) => ({ date, ...days[date] })),
};
msg.headers = { "cache-control": "no-store" };
return msg;
