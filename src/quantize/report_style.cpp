#include "quantize/report_style.h"

namespace octet::html {

// The two colours of the bars differ in lightness too, for eyes and printers that see no colours.
const char* const kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f5f2; --card: #ffffff; --ink: #1d2126; --soft: #5d6670; --line: #dfdfda; --grid: #e8e7e3;
  --int8: #1f6f8b; --float: #e3a23c; --warn: #fdf3dc; --warn-line: #d9a441; --bad: #b3372b; --hover: #f3f6f7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --card: #1d2126; --ink: #e6e8ea; --soft: #9aa4ae; --line: #343a41; --grid: #2b3036;
    --int8: #58b0cf; --float: #e9b35c; --warn: #2e2718; --warn-line: #a27c33; --bad: #f08a7e; --hover: #242a30;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 70rem; margin: 0 auto; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .5rem; letter-spacing: -.005em; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
.soft, caption, figcaption { color: var(--soft); }
.kicker { color: var(--int8); font-weight: 600; margin: 0 0 .35rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13.5rem, 1fr)); gap: .9rem; margin: 1.5rem 0 0; }
@media (min-width: 60rem) { .facts:has(:nth-child(5)) { grid-template-columns: repeat(3, 1fr); } }
.fact { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1.1rem 1rem; }
.fact dt { color: var(--soft); font-size: .875rem; }
.fact dd { margin: 0; }
.fact .value { font-size: 1.45rem; line-height: 1.4; font-weight: 650; font-variant-numeric: tabular-nums; }
.fact .note { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
.notice, .warnings {
  background: var(--warn); border: 1px solid var(--warn-line); border-radius: .6rem; padding: .7rem 1.1rem;
  margin: 1rem 0 0;
}
.notice p { margin: 0; max-width: none; }
.warnings ul { margin: .2rem 0; padding-left: 1.2rem; }
.warnings li { overflow-wrap: anywhere; }
figure, .table {
  margin: .75rem 0 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow-x: auto;
}
figure { padding: 1rem 1.1rem .6rem; }
figcaption { font-size: .875rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.key::before {
  content: ""; display: inline-block; width: .8em; height: .8em; border-radius: .15em; margin-right: .45em;
  background: var(--int8);
}
.key.float::before { background: var(--float); }
svg { display: block; width: 100%; height: auto; font: inherit; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .tick, svg .end { text-anchor: end; }
svg .rank { fill: var(--bad); font-weight: 700; text-anchor: middle; stroke: var(--card); stroke-width: 4px; paint-order: stroke; }
svg .grid { stroke: var(--grid); }
svg .zero { stroke: var(--soft); }
svg rect.int8 { fill: var(--int8); }
svg rect.float { fill: var(--float); }
figure svg rect:hover { fill: var(--ink); }
svg .start { text-anchor: start; }
svg .stop { text-anchor: end; }
svg rect.range { fill: var(--int8); opacity: .12; }
svg path.inside { fill: var(--int8); }
svg path.outside { fill: var(--bad); }
svg path.float { fill: var(--float); }
svg line.end { stroke: var(--int8); stroke-width: 1.5; }
svg.histogram { flex: 0 1 24rem; min-width: 14rem; align-self: center; }
svg.line { width: 7.5rem; }
td.values { padding-block: .15rem; }
.verdict { color: var(--bad); margin: .5rem 0 0; }
.findings, .samples { list-style: none; padding: 0; margin: .75rem 0 0; display: grid; gap: .9rem; }
.finding, .samples > li {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1.1rem 1rem;
}
.finding { display: flex; flex-wrap: wrap; gap: .5rem 2rem; justify-content: space-between; }
.words { flex: 1 1 24rem; min-width: 0; }
.words p { margin: .1rem 0 .4rem; overflow-wrap: anywhere; }
.words .who { margin-bottom: .5rem; }
.words .why::first-letter { text-transform: uppercase; }
.place { display: inline-block; min-width: 1.2em; color: var(--bad); font-weight: 700; }
.badge { background: var(--int8); color: var(--card); border-radius: 1rem; padding: .05rem .65rem; font-size: .8rem; white-space: nowrap; }
.soft { font-size: .875rem; }
.bad { color: var(--bad); font-weight: 600; }
code { background: var(--hover); border-radius: .25rem; padding: .05em .3em; font-size: .875em; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .875rem; color: var(--soft); max-width: none; }
.key.bad { color: inherit; font-weight: inherit; }
.key.bad::before { background: var(--bad); }
.samples { grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); }
.samples p { margin: .2rem 0 0; overflow-wrap: anywhere; font-size: .875rem; }
.photo { position: relative; margin-bottom: .5rem; }
.photo img { display: block; width: 100%; height: auto; border-radius: .3rem; }
.photo svg { position: absolute; inset: 0; height: 100%; }
svg rect.box { fill: none; stroke-width: 2px; vector-effect: non-scaling-stroke; }
svg rect.box.float { stroke: var(--float); stroke-width: 4px; }
svg rect.box.int8 { stroke: var(--int8); }
svg rect.box.alone { stroke-dasharray: 5 3; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { padding: .42rem .6rem; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line); background: var(--card); }
tr > :first-child { padding-left: 1.1rem; }
tr > :last-child { padding-right: 1.1rem; }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
tbody tr:hover { background: var(--hover); }
.text { text-align: left; }
td.name { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; font-weight: 550; }
#layers { max-width: 96rem; }
@media (min-width: 76rem) { #layers { margin-inline: calc((min(100vw - 5rem, 96rem) - 70rem) / -2); } }
#layers :is(th, td) { padding-inline: .38rem; }
#layers .text { white-space: normal; }
.bar { min-width: 6.5rem; position: relative; }
.bar i {
  position: absolute; top: calc(50% + .68rem); right: .6rem; height: .2rem; border-radius: .1rem; background: var(--int8);
}
tr.float .bar i { background: var(--float); }
.tag { border: 1px solid currentColor; border-radius: .3rem; padding: 0 .4em; font-size: .8rem; color: var(--int8); }
tr.float .tag { color: inherit; border-color: var(--float); }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid var(--int8); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " ▲"; font-size: .7em; }
th[aria-sort=descending] button::after { content: " ▼"; font-size: .7em; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .875rem; }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; --int8: #1f6f8b;
    --float: #e3a23c; --warn: #fff; --bad: #b3372b;
  }
  body { padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure, .table { overflow: visible; border-radius: 0; }
  svg { min-width: 0 !important; }
  .facts { grid-template-columns: repeat(4, 1fr); }
  .fact .value { font-size: 12pt; }
  h2 { break-after: avoid; }
  figure, .fact, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  th, td { padding: .2rem .4rem; }
  tr > :first-child, tr > :last-child { padding-inline: .2rem; }
  td.name { min-width: 0; }
}
)css";

const char* const kScript = R"js(
for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll("thead th").forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const up = header.getAttribute("aria-sort") !== "ascending";
      const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const order = (a, b) => {
        const x = key(a), y = key(b);
        const d = x !== "" && y !== "" && isFinite(x) && isFinite(y) ? x - y : x.localeCompare(y);
        return up ? d : -d;
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(order));
      table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", up ? "ascending" : "descending");
    });
  });
}
)js";

}  // namespace octet::html
