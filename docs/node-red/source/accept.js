// Live telegrams of now pass. What is retained, recorded, late, sent twice, broken or huge does not; below stands why.
const LONGEST = 131072; // bytes; a telegram has 2,000
const staleAfter = Number(env.get("STALE_AFTER")); // s

function refuse(why) {
    flow.set("refused", why);
    node.status({ fill: "yellow", shape: "ring", text: why });
    return null;
}

if (msg.retain) return refuse("a retained telegram: old");
if (typeof msg.payload !== "string" || msg.payload.length > LONGEST) return refuse("not a telegram: too long");
let telegram;
try {
    telegram = JSON.parse(msg.payload);
} catch (error) {
    return refuse("not a telegram: no JSON");
}
if (telegram === null || typeof telegram !== "object") return refuse("not a telegram: no JSON object");
if (telegram.recorded) return refuse("a recorded telegram, played from a file");
const received = typeof telegram.received === "string" ? Date.parse(telegram.received) : NaN;
if (!Number.isFinite(received)) return refuse("not a telegram: no time of reception");
const age = Math.round((Date.now() - received) / 1000);
if (Math.abs(age) > staleAfter) return refuse(`telegram ${age} s old: do the clocks of both machines agree?`);
// A reader that starts anew counts from 1, and a clock may be set back: only one of the two goes down then.
const last = flow.get("last");
if (last && received <= last.received && !(telegram.seq > last.seq)) return refuse("a telegram that came before");
flow.set("last", { received, seq: telegram.seq });

const reading = {};
for (const [name, value] of Object.entries(telegram)) {
    if (typeof value === "string" || Number.isFinite(value)) reading[name] = value;
}
flow.set("refused", undefined);
node.status({ fill: "green", shape: "dot", text: String(reading.timestamp || reading.received).slice(0, 30) });
return { topic: msg.topic, payload: reading, delay: 1000 * staleAfter };
