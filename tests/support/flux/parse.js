// For each line, a script in Flux as JSON, writes a line: what Flux's own parser and its check of types say of it.
const path = require("path");
const readline = require("readline");
const { Lsp, parse } = require(path.join(process.argv[2], "node_modules/@influxdata/flux-lsp-node"));

console.info = console.log = () => {}; // it has a word to say at its start

const waiting = [];
const server = new Lsp();
server.onMessage((text) => {
  const message = JSON.parse(text);
  if (message.method === "textDocument/publishDiagnostics") waiting.shift()(message.params.diagnostics);
});
server.run();

const send = (message) => server.send(JSON.stringify({ jsonrpc: "2.0", ...message }));

async function problemsOf(text, number) {
  const uri = `file:///${number}/query.flux`; // a folder of its own: the scripts of one folder are one package
  const told = new Promise((resolve) => waiting.push(resolve));
  await send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "flux", version: 1, text } } });
  return (await told).map((one) => `line ${one.range.start.line + 1}: ${one.message}`);
}

async function answer() {
  await send({ id: 1, method: "initialize", params: { capabilities: {} } });
  await send({ method: "initialized", params: {} });
  let number = 0;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const text = JSON.parse(line);
    const problems = await problemsOf(text, number++);
    process.stdout.write(JSON.stringify({ tree: parse(text), problems }) + "\n");
  }
  process.exit(0);
}

answer();
