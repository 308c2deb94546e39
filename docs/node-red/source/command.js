// ON, OFF or AUTO for LOAD from a button here, or for the load that the page names: output 1 is for the broker, 2 says why not.
const asked = msg.req ? msg.payload || {} : { load: env.get("LOAD"), command: msg.payload };
const refused = (statusCode, text) => [null, { ...msg, statusCode, text }];

if (!["ON", "OFF", "AUTO"].includes(asked.command)) return refused(400, "expected ON, OFF or AUTO");
// The node "mqtt out" forgets without a word what it cannot send.
if (flow.get("connected") === false) return refused(503, "not sent: no connection to the broker");
if (!(flow.get("loads") || []).some((load) => load.name === asked.load)) return refused(404, `no load "${asked.load}"`);
// What nobody takes now could be obeyed much later, when nobody wants it any more.
if (flow.get("controller") !== "online") return refused(503, "not sent: relay_controller does not run");
const text = `${asked.load}: ${asked.command} sent`;
return [{ ...msg, topic: `${env.get("SMARTMETER_TOPIC")}/load/${asked.load}/set`, payload: asked.command, text }, null];
