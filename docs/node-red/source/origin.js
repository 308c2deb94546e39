// Node-RED lets pages of other servers ask here, so any web page that somebody at home has open could. Only our own page may:
// output 1 is for its data, 2 for its buttons, 3 for the answer to all others.
const { origin, host, "x-forwarded-host": forwarded } = msg.req.headers;
const asker = origin && origin.replace(/^[a-z]+:\/\//, "");
if (asker && asker !== host && asker !== forwarded) {
    return [null, null, { ...msg, statusCode: 403, payload: { text: "only for the page of this server" } }];
}
return msg.req.method === "GET" ? [msg, null, null] : [null, msg, null];
