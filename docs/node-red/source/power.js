// Power from or to the grid, as `live` for the page and as text below; none is shown while there is trouble.
const watts = (value) => `${Math.round(value).toLocaleString("en")} W`;
let output = null;
if (msg.topic !== "trouble") {
    const reading = msg.payload;
    const live = { at: Date.now() };
    if (Number.isFinite(reading.net_power)) live.net_power = reading.net_power;
    if (reading.actual_tariff_name) live.tariff = String(reading.actual_tariff_name);
    if (reading.text_message) live.message = String(reading.text_message).slice(0, 1024);
    live.phases = ["l1", "l2", "l3"].flatMap((phase) => {
        const drawn = reading[`actual_${phase}_consumption`];
        const injected = reading[`actual_${phase}_injection`];
        if (!Number.isFinite(drawn)) return [];
        return [{ phase: phase.toUpperCase(), net_power: Math.round(1000 * (drawn - (Number.isFinite(injected) ? injected : 0))) }];
    });
    flow.set("live", live);
    if (live.net_power !== undefined) output = { topic: "net_power", payload: live.net_power };
}
const trouble = flow.get("trouble");
const live = flow.get("live");
if (trouble) {
    node.status({ fill: "red", shape: "ring", text: trouble });
} else if (live && live.net_power !== undefined) {
    const text = `${watts(Math.abs(live.net_power))} ${live.net_power < 0 ? "injected" : "drawn"}`;
    node.status({ fill: live.net_power < 0 ? "green" : "blue", shape: "dot", text });
} else {
    node.status({ fill: "grey", shape: "ring", text: "no power in the telegrams" });
}
return output;
