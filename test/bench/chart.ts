// The ratios as a picture: how long each operation takes, as a multiple of what resources that do nothing take.

import { operations } from "./lives";
import { median, ratios, type Measured } from "./measure";
import { operationName, ratioTarget } from "./report";

const width = 760;
const left = 250;
const right = 70;
const top = 64;
const rowHeight = 40;
const bar = 18;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .small { font-size: 11px; fill: #57606a; }
  .value { font-weight: 600; }
  .bar { fill: #1f77b4; }
  .range { stroke: #24292f; stroke-width: 1.5; }
  .one { stroke: #57606a; stroke-width: 1; stroke-dasharray: 4 3; }
  .target { stroke: #d1570b; stroke-width: 3; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .bar { fill: #4493d8; }
    .range { stroke: #e6edf3; }
    .one { stroke: #9198a1; }
    .target { stroke: #f0883e; }
    .ground { fill: #0d1117; }
  }`;

/** An SVG, readable on light and on dark ground. */
export function chart(measured: Measured): string {
  const all = operations.map((operation) => ratios(measured.seconds[operation]));
  const most = Math.max(1.2, ...all.flat()) * 1.08;
  const x = (ratio: number) => left + (ratio / most) * (width - left - right);
  const bottom = top + operations.length * rowHeight;
  const height = bottom + 58;
  const bars = operations.map((operation, n) => {
    const values = all[n] ?? [];
    const [middle, least, greatest] = [median(values), Math.min(...values), Math.max(...values)];
    const y = top + n * rowHeight + (rowHeight - bar) / 2;
    const center = y + bar / 2;
    const target = ratioTarget(operation);
    const name = operationName(operation, measured.plan.images).replaceAll("`", "");
    return [
      `<text x="${left - 12}" y="${center + 4}" text-anchor="end">${name}</text>`,
      `<rect class="bar" x="${left}" y="${y}" width="${round(x(middle) - left)}" height="${bar}" rx="2"/>`,
      line("range", x(least), center, x(greatest), center),
      target === undefined ? "" : line("target", x(target), y - 4, x(target), y + bar + 4),
      `<text class="value" x="${round(beside(x(greatest), x(target ?? 0)))}" y="${center + 4}">${middle.toFixed(2)} ×</text>`,
    ].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>How long operations on ${measured.plan.images} images take, by what resources that do nothing take</title>
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}"/>
<text class="title" x="16" y="26">${measured.plan.images} images beside as many resources that do nothing</text>
<text class="small" x="16" y="44">Time as a multiple of theirs, median; the line spans all runs, the upright mark is what is to be reached</text>
${line("one", x(1), top - 8, x(1), bottom + 6)}
${bars.join("\n")}
<text class="small" x="${round(x(1))}" y="${bottom + 20}" text-anchor="middle">1 ×</text>
<text class="small" x="16" y="${height - 12}">${measured.circumstances}</text>
</svg>
`;
}

/** Where the number goes: after the bar, and after the target's mark where that would be in the way. */
function beside(end: number, mark: number): number {
  const room = 60;
  return (mark > end + room ? end : Math.max(end, mark)) + 8;
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
