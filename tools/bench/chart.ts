// The ratios as a picture: how long each operation takes, as a multiple of what resources that do nothing take.

import { engineNames, median, ratios, targetImages, type Lives } from "./measure";
import { byEngine, pairOf, ratioTargets, timings } from "./report";

const width = 820;
const left = 210;
const right = 90;
const head = 64;
const foot = 34;
const bar = 11;
const gap = 2;
/** Between one operation and the next. */
const rowGap = 16;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .small { font-size: 11px; fill: #57606a; }
  .value { font-size: 11px; font-weight: 600; }
  .size0 { fill: #b6d3ea; } .size1 { fill: #7db1d8; } .size2 { fill: #1f77b4; } .size3 { fill: #12456a; }
  .range { stroke: #24292f; stroke-width: 1; } .halo { stroke: #ffffff; stroke-width: 3; stroke-opacity: 0.6; }
  .one { stroke: #57606a; stroke-width: 1; stroke-dasharray: 4 3; }
  .target { stroke: #d1570b; stroke-width: 3; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .size0 { fill: #1f4e79; } .size1 { fill: #2f72ad; } .size2 { fill: #58a6ff; } .size3 { fill: #b5d7ff; }
    .range { stroke: #e6edf3; } .halo { stroke: #0d1117; }
    .one { stroke: #9198a1; }
    .target { stroke: #f0883e; }
    .ground { fill: #0d1117; }
  }`;

interface Panel {
  height: number;
  content: string;
}

/** An SVG, readable on light and on dark ground: a panel for each engine, one above the other. */
export function chart(lives: readonly Lives[]): string {
  const engines = byEngine(lives);
  const most = Math.max(1.2, ...lives.flatMap(allRatios));
  const panels = engines.map((sizes) => panel(sizes, most * 1.02));
  const height = panels.reduce((sum, one) => sum + one.height, 0);
  let top = 0;
  const placed = panels.map((one) => {
    const at = `<g transform="translate(0 ${round(top)})">\n${one.content}\n</g>`;
    top += one.height;
    return at;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${round(height)}" width="${width}" height="${round(height)}" role="img">
<title>How long operations on images take, by what as many resources that do nothing take</title>
<style>${style}
</style>
<rect class="ground" width="${width}" height="${round(height)}"/>
${placed.join("\n")}
</svg>
`;
}

function allRatios(lives: Lives): number[] {
  return timings.flatMap(([timing]) => ratios(pairOf(lives, timing) ?? { images: [], nothing: [] }));
}

function panel(sizes: readonly Lives[], most: number): Panel {
  const x = (ratio: number) => left + (ratio / most) * (width - left - right);
  const rowHeight = sizes.length * (bar + gap) + rowGap;
  const rows = timings.map(([timing, name], row) => {
    const top = head + row * rowHeight;
    const bars = sizes.flatMap((size, n) => {
      const pair = pairOf(size, timing);
      const y = top + n * (bar + gap);
      return pair === undefined ? [] : [oneBar(ratios(pair), size.images, y, shade(n, sizes.length))];
    });
    const middle = top + (sizes.length * (bar + gap)) / 2 + 4;
    return `<text x="${left - 12}" y="${round(middle)}" text-anchor="end">${name.replaceAll("`", "")}</text>\n${bars.join("\n")}`;

    function oneBar(all: readonly number[], images: number, y: number, colour: number): string {
      const [value, least, greatest] = [median(all), Math.min(...all), Math.max(...all)];
      const center = y + bar / 2;
      const target = images === targetImages ? ratioTargets[timing] : undefined;
      const end = Math.max(x(greatest), target === undefined || x(target) > x(greatest) + 50 ? 0 : x(target));
      return [
        `<rect class="size${colour}" x="${left}" y="${round(y)}" width="${round(x(value) - left)}" height="${bar}" rx="1"/>`,
        line("halo", x(least), center, x(greatest), center),
        line("range", x(least), center, x(greatest), center),
        ...(target === undefined ? [] : [line("target", x(target), y - 2, x(target), y + bar + 2)]),
        `<text class="value" x="${round(end + 6)}" y="${round(center + 4)}">${value.toFixed(2)} ×</text>`,
      ].join("\n");
    }
  });
  const bottom = head + rows.length * rowHeight;
  const content = [
    `<text class="title" x="16" y="26">Images beside as many resources that do nothing: ${sizes[0] === undefined ? "" : engineNames[sizes[0].engine]}</text>`,
    `<text class="small" x="16" y="44">Time as a multiple of theirs, medians; a line spans all runs, the upright mark is what is to be reached with ${targetImages}</text>`,
    line("one", x(1), head - 6, x(1), bottom - rowGap + 6),
    ...rows,
    `<text class="small" x="${round(x(1))}" y="${bottom + 4}" text-anchor="middle">1 ×</text>`,
    `<text class="small" x="16" y="${bottom + 18}">${sizes[0]?.circumstances ?? ""}</text>`,
    legend(sizes, bottom + 18),
  ];
  return { height: bottom + foot, content: content.join("\n") };
}

/** Which colour sizes get: the more images, the stronger; one alone has the middle one. */
function shade(n: number, count: number): number {
  return count === 1 ? 2 : Math.round((n * 3) / (count - 1));
}

/** On the right: which colour is how many images. */
function legend(sizes: readonly Lives[], y: number): string {
  return sizes
    .map(({ images }, n) => {
      const at = width - 76 - (sizes.length - n) * 50;
      const colour = shade(n, sizes.length);
      return `<rect class="size${colour}" x="${at}" y="${y - 9}" width="10" height="10" rx="1"/><text class="small" x="${at + 14}" y="${y}">${images}${n === sizes.length - 1 ? " images" : ""}</text>`;
    })
    .join("\n");
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
