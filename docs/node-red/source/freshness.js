// Why there is no reading of now, kept as `trouble`; "" while there is one. Silence makes the alarm, the next reading ends it.
const base = env.get("SMARTMETER_TOPIC");
const readerSays = {
    online: "",
    stale: "the meter sends no valid telegram (the reader is stale)",
    offline: "the reader does not run (it is offline)",
};

if (msg.status) {
    flow.set("connected", msg.status.fill === "green");
    flow.set("reader", undefined);
} else if (msg.payload === "silence") {
    flow.set("silent", true);
} else {
    flow.set("connected", true);
    if (String(msg.topic).endsWith("/status")) {
        flow.set("reader", String(msg.payload).slice(0, 40));
    } else {
        flow.set("silent", false);
    }
}

function troubleNow() {
    if (flow.get("connected") === false) return "no connection to the broker: are its address and login right?";
    const reader = flow.get("reader");
    const silent = flow.get("silent");
    if (reader !== undefined && reader !== "online") return readerSays[reader] || `the reader says "${reader}"`;
    if (silent === false) return "";
    if (silent && flow.get("refused")) return flow.get("refused");
    if (reader === undefined) return `nothing on ${base}/reader/status: is SMARTMETER_TOPIC right?`;
    return silent ? "no telegram comes" : "waiting for a telegram";
}

const trouble = troubleNow();
const isNews = trouble !== flow.get("trouble");
flow.set("trouble", trouble);
if (isNews && trouble) {
    // When it is over, a reading of before it would pass for one of now: only the next telegram is.
    flow.set("live", undefined);
    if (!flow.get("silent")) flow.set("silent", undefined);
}
let alarm = null;
if (msg.payload === "silence" && !flow.get("alarm")) {
    flow.set("alarm", true);
    alarm = { topic: "smartmeter", alarm: true, payload: `No readings from the meter: ${trouble}` };
} else if (!trouble && flow.get("alarm")) {
    flow.set("alarm", false);
    alarm = { topic: "smartmeter", alarm: false, payload: "Readings from the meter again" };
}
if (isNews) node.status({ fill: trouble ? "red" : "green", shape: trouble ? "ring" : "dot", text: trouble || "fresh" });
return [isNews ? { topic: "trouble", payload: trouble } : null, alarm];
