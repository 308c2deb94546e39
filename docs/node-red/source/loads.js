// State, mode and reason of every load, kept as `loads` for the page; those of LOAD stand below.
const MOST = 32;
let loads = flow.get("loads") || [];
if (msg.status) {
    if (msg.status.fill !== "green") flow.set("controller", undefined);
    loads = []; // what is still there comes again with the subscription
} else {
    const [name, what] = msg.topic.split("/").slice(-2);
    const text = String(msg.payload).slice(0, 500);
    if (what === "status") {
        flow.set("controller", text);
    } else {
        const others = loads.filter((load) => load.name !== name);
        const load = { ...loads.find((known) => known.name === name), name };
        if (text) load[what] = text;
        else delete load[what]; // a load that was taken out of the settings
        if (load.state || load.mode || load.reason) others.push(load);
        loads = others.slice(-MOST).sort((one, other) => (one.name < other.name ? -1 : 1));
    }
}
flow.set("loads", loads);

const wanted = String(env.get("LOAD"));
const load = loads.find((known) => known.name === wanted);
if (flow.get("controller") !== "online") {
    node.status({ fill: "red", shape: "ring", text: `relay_controller is ${flow.get("controller") || "not there"}` });
} else if (load) {
    const text = `${wanted}${load.mode ? ` (${load.mode})` : ""} ${load.reason || load.state}`.slice(0, 120);
    node.status({ fill: load.state === "ON" ? "green" : "grey", shape: "dot", text });
} else {
    node.status({ fill: "grey", shape: "ring", text: `no load "${wanted}": LOAD of this tab is its name` });
}
return msg.status ? null : { topic: msg.topic, payload: msg.payload };
