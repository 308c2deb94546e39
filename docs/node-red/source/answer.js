// What became of a command, below and on the page: not sent, sent, or sent and refused.
let { statusCode = 202, text } = msg;
if (msg.error) {
    context.set("refused", msg._msgid);
    statusCode = 403;
    const isLogin = /not authori[sz]ed/i.test(msg.error.message);
    text = `refused by the broker: ${isLogin ? "its login needs ROLE=home" : msg.error.message}`;
}
if (!msg.error && msg._msgid === context.get("refused")) return null; // Node-RED 3 says of a refused one that it is sent, too
node.status({ fill: statusCode === 202 ? "green" : "red", shape: "dot", text });
if (!msg.res) return null;
return { req: msg.req, res: msg.res, statusCode, payload: { text }, headers: { "cache-control": "no-store" } };
