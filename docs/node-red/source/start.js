// What to listen to, from SMARTMETER_TOPIC of this tab. What was live before a restart is forgotten; the day totals are kept.
for (const key of ["live", "last", "trouble", "alarm", "refused", "connected", "reader", "silent", "loads", "controller"]) {
    flow.set(key, undefined);
}
const base = String(env.get("SMARTMETER_TOPIC") || "");
const staleAfter = Number(env.get("STALE_AFTER")); // s
const problem =
    (!base || /[#+]|^\/|\/$/.test(base)) ? "SMARTMETER_TOPIC: expected a topic such as smartmeter/home"
    : !(staleAfter > 0) ? "STALE_AFTER: expected seconds above 0"
    : "";
if (problem) {
    node.status({ fill: "red", shape: "ring", text: problem });
    return null;
}
node.status({ fill: "green", shape: "dot", text: base });
const names = ["telegram", "reader/status", "load/+/state", "load/+/mode", "load/+/reason", "relay_controller/status"];
const topic = names.map((name) => ({ topic: `${base}/${name}`, qos: 1, rap: false }));
return [{ action: "subscribe", topic }, { payload: "start", delay: 1000 * staleAfter }];
