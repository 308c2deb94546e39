"""How the page of a report looks: by day, by night, on a phone, and on paper. Colours of Okabe and Ito."""

STYLE = """
:root { --paper: #fff; --ink: #1b1f24; --soft: #5b6570; --rule: #d8dde3; --tile: #f4f6f8;
  --drawn: #0072b2; --night: #56b4e9; --injected: #e69f00; --peak: #b0568a; --gas: #d55e00; --water: #009e73; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6eaee; --soft: #a3adb8;
  --rule: #333b45; --tile: #1f252c;
  --drawn: #3d9bd6; --night: #8fd0f5; --injected: #f0b429; --peak: #d98abb; --gas: #f07f35; --water: #2cc79a; } }
@media print { :root { --paper: #fff; --ink: #000; --soft: #444; --rule: #bbb; --tile: #fff;
  --drawn: #0072b2; --night: #56b4e9; --injected: #e69f00; --peak: #b0568a; --gas: #d55e00; --water: #009e73; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 16px; }
h1 { font-size: 24px; margin: 8px 0 0; } h2 { font-size: 18px; margin: 28px 0 8px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 8px; margin: 16px 0; }
.tiles div { background: var(--tile); border: 1px solid var(--rule); border-radius: 6px; padding: 8px 10px;
  display: flex; flex-direction: column; justify-content: space-between; }
.tiles dt { color: var(--soft); font-size: 13px; } .tiles dd { margin: 0; font-size: 21px; font-variant-numeric: tabular-nums; }
.tiles small { font-size: 13px; color: var(--soft); }
figure { margin: 22px 0 0; overflow-x: auto; } figcaption { margin-bottom: 4px; }
.keys { color: var(--soft); font-size: 13px; } .keys span { margin-left: 12px; white-space: nowrap; }
.keys i { display: inline-block; width: 11px; height: 11px; margin-right: 4px; }
svg { width: 100%; min-width: 620px; display: block; } svg text { fill: var(--soft); font-size: 12px; }
.mark { stroke: var(--rule); } .zero { stroke: var(--soft); } line.across { stroke: var(--ink); stroke-dasharray: 7 4; }
line.n0 { stroke-dasharray: 2 3; }
.drawn { fill: var(--drawn); background: var(--drawn); } .night { fill: var(--night); background: var(--night); }
.injected { fill: var(--injected); background: var(--injected); } .peak { fill: var(--peak); background: var(--peak); }
.gas { fill: var(--gas); background: var(--gas); } .water { fill: var(--water); background: var(--water); }
line.part { stroke: var(--paper); stroke-dasharray: 0 6 2 0; pointer-events: none; }
i.part { background: repeating-linear-gradient(var(--soft) 0 4px, var(--paper) 4px 6px); }
rect.none, i.none { fill: var(--rule); background: var(--rule); opacity: .5; }
.keys i.across { width: 22px; height: 0; border-top: 2px dashed var(--ink); vertical-align: middle; }
.keys i.n0 { border-top-style: dotted; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 3px 8px; text-align: right; white-space: nowrap; font-weight: normal; }
thead th { color: var(--soft); } thead tr:first-child th { text-align: center; }
thead tr:last-child th { border-bottom: 1px solid var(--soft); }
tr > :first-child { text-align: left; } tbody tr:nth-child(even) { background: var(--tile); }
tr.gap { font-style: italic; color: var(--soft); } tr.sum > * { border-top: 1px solid var(--soft); font-weight: 600; }
summary { margin: 28px 0 8px; cursor: pointer; } li { margin: 3px 0; overflow-wrap: anywhere; }
@media print { main { padding: 0; } figure, tr, section p { break-inside: avoid; } svg { min-width: 0; }
  table { font-size: 11px; } th, td { padding: 1px 4px; }
  rect, i { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
