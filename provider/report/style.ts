/** How the report looks: in light and dark, on a phone, on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --raised: #f1f3f6; --line: #e1e5ea; --text: #1b222c; --soft: #5a6675;
  --accent: #1257c4; --accent-soft: #e5eefc;
  --good: #12663f; --good-soft: #dff4e8; --warn: #855000; --warn-soft: #fdeecf; --bad: #ab2020; --bad-soft: #fde6e4;
  --violet: #6137b8; --violet-soft: #eee7fc;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --card: #171d24; --raised: #1e252e; --line: #2b343f; --text: #e4e9ef; --soft: #97a4b3;
    --accent: #82b1ff; --accent-soft: #1a2c48;
    --good: #6fd6a0; --good-soft: #143224; --warn: #f1bf62; --warn-soft: #3a2c10; --bad: #ff9189; --bad-soft: #431f1f;
    --violet: #c2a5ff; --violet-soft: #2c2347;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.25rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.1rem; }
h2 small, .soft { color: var(--soft); font-weight: normal; }
h2 small { font-size: .9rem; margin-left: .5rem; }
p { margin: .4rem 0; }
code, .mono { font-family: var(--mono); font-size: .86em; }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.totals div, .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.totals div { padding: .7rem 1rem; }
.totals dt { color: var(--soft); font-size: .82rem; }
.totals dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.totals .off dd { color: var(--bad); }
.notice { margin: 1rem 0 0; padding: .6rem 1rem; border-radius: .6rem; background: var(--warn-soft); color: var(--warn); }
.pill {
  display: inline-block; padding: 0 .55em; border-radius: 1em; background: var(--raised); color: var(--soft);
  font-size: .8rem; line-height: 1.6; white-space: nowrap;
}
.pill.good { background: var(--good-soft); color: var(--good); }
.pill.warn { background: var(--warn-soft); color: var(--warn); }
.pill.bad { background: var(--bad-soft); color: var(--bad); }
.pill.accent { background: var(--accent-soft); color: var(--accent); }
.pill.violet { background: var(--violet-soft); color: var(--violet); }
.pill.channel { white-space: normal; border-radius: .8em; }
.card { overflow: hidden; }
.list { margin: 0; padding: 0; list-style: none; }
.list li { display: grid; grid-template-columns: 9rem 1fr; gap: .75rem; align-items: baseline; padding: .5rem 1rem; }
.list li + li { border-top: 1px solid var(--line); }
.list b { font-weight: 600; }
.list code { color: var(--soft); }
.channels li { grid-template-columns: minmax(11rem, 1fr) minmax(11rem, 1.4fr) minmax(9rem, 1fr); }
table { width: 100%; border-collapse: collapse; text-align: left; }
th, td { padding: .55rem .75rem; vertical-align: top; }
th:first-child, td:first-child { padding-left: 1rem; }
thead th { color: var(--soft); font-size: .8rem; font-weight: 500; border-bottom: 1px solid var(--line); }
tbody .entry th { background: var(--raised); border-block: 1px solid var(--line); font-weight: 400; padding-block: .45rem; }
tbody .entry b { font-size: 1rem; margin-right: .5rem; }
.image td { padding-bottom: .1rem; }
.image :is(.state, .channels) { min-width: 8.5em; }
.image :is(.system, .size, .place) { min-width: 6.2em; }
.image b { font-weight: 600; }
.image .sub { display: block; color: var(--soft); font-size: .85rem; }
.image :is(.size, .age) { white-space: nowrap; font-variant-numeric: tabular-nums; }
.image .pill { margin: 0 .2rem .15rem 0; }
.more td { padding-top: 0; padding-bottom: .6rem; }
.more + .image td { border-top: 1px solid var(--line); }
.earlier td b { font-weight: 500; }
details summary { cursor: pointer; color: var(--soft); font-size: .85rem; width: fit-content; }
details summary:hover { color: var(--accent); }
summary:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .6rem 0 .5rem; padding: .75rem 1rem; background: var(--raised); border-radius: .45rem; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; }
.empty { padding: 1.25rem 1rem; color: var(--soft); }
.bar { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; }
[hidden] { display: none !important; }
.filter input {
  font: inherit; font-size: .9rem; padding: .3rem .7rem; width: 15rem; border: 1px solid var(--line); border-radius: .5rem;
  background: var(--card); color: inherit;
}
footer { margin-top: 2rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .85rem; }
@media screen and (max-width: 54rem) {
  main, header, footer { padding-inline: 1rem; }
  header { padding-top: 1.5rem; }
  h1 { font-size: 1.45rem; }
  .totals { grid-template-columns: repeat(2, 1fr); gap: .5rem; }
  .totals dd { font-size: 1.1rem; }
  .list li, .channels li { grid-template-columns: 1fr; gap: .15rem; padding-block: .65rem; }
  .bar { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; }
[hidden] { display: none !important; }
  .filter { width: 100%; margin-bottom: .75rem; }
  .filter input { width: 100%; }
  table, tbody, tr, td, tbody th { display: block; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .image { padding: .6rem 0 .1rem; }
  .image td, .image td:first-child, .more td { padding: .1rem 1rem; }
  .image td:not(:first-child) { align-items: baseline; display: grid; grid-template-columns: 6.5rem 1fr; }
  .image td::before { content: attr(data-label); color: var(--soft); font-size: .85rem; }
  .image td:first-child::before { content: none; }
  .image .none { display: none !important; }
  .image .sub { font-size: inherit; color: inherit; }
  .image td:first-child .sub { color: var(--soft); font-size: .85rem; }
  .more td { padding: .35rem 1rem .75rem; }
  .more + .image { border-top: 1px solid var(--line); }
  .more + .image td { border-top: 0; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .4rem; }
}
@media print {
  :root { --page: #fff; --card: #fff; --raised: #f4f5f7; --line: #ccc; --text: #000; --soft: #444; color-scheme: light; }
  @page { margin: 14mm; }
  body { font-size: 9.5pt; }
  main, header, footer { padding: 0; max-width: none; }
  .filter, summary, .fine { display: none; }
  .pill { border: 1px solid currentcolor; background: none !important; }
  th, td { padding: .3rem .5rem; }
  .image, .entry, .list li { break-inside: avoid; }
  .entry, .image, h2 { break-after: avoid; }
  details::details-content { content-visibility: visible; height: auto; display: block; }
  .facts { margin: 0; padding: .1rem .5rem; background: none; gap: 0 .75rem; font-size: 8pt; line-height: 1.35; }
  .totals { grid-template-columns: repeat(6, auto); }
}
`;

/** Shows only the images that a word is of. What is read needs none of it. */
export const script = `
const input = document.querySelector(".filter input");
document.querySelector(".filter").hidden = false;
input.addEventListener("input", () => {
  const words = input.value.toLowerCase().split(/\\s+/);
  for (const body of document.querySelectorAll("tbody")) {
    const name = body.querySelector(".entry").textContent;
    let any = false;
    for (const row of body.querySelectorAll(".image")) {
      const text = (name + " " + row.textContent + " " + row.nextElementSibling.textContent).toLowerCase();
      const fits = words.every((word) => text.includes(word));
      row.hidden = row.nextElementSibling.hidden = !fits;
      any ||= fits;
    }
    body.hidden = !any;
  }
});
`;
