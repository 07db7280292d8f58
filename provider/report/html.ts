import { createHash } from "node:crypto";
import { bytes } from "../lifecycle/progress";
import { foreign, html, Markup } from "./markup";
import type { Change, Report, ReportedChannel, ReportedImage } from "./model";
import { script, style } from "./style";
import { isObject } from "./values";
import {
  ageInWords,
  byEntry,
  changeInWords,
  changeNames,
  channelState,
  entryInWords,
  generationInWords,
  isOff,
  shortened,
  sizeInWords,
  timeInWords,
  totals,
  valueInWords,
  type Piece,
} from "./words";

/** The report as one page that asks nobody for anything: no server, no script needed, nothing loaded. */
export function htmlOf(report: Report): string {
  const title = report.stack ? `${report.stack.project}/${report.stack.name}` : "an empty stack";
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <title>Images of ${title}</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <header>
          <p class="soft">Images of the stack</p>
          <h1>${foreign(title)}</h1>
          ${origin(report)} ${summary(report)}
          ${report.notices.map((notice) => html`<p class="notice">${foreign(notice)}</p> `)}
        </header>
        <main>${changes(report)} ${channels(report)} ${images(report)}</main>
        <footer>
          Written by pulumi-scp-images from the stack's state: it tells what Pulumi knew when the state was
          written, not what is in the cloud since.
        </footer>
        ${report.images.length > 1 ? new Markup(`<script>${script}</script>`) : undefined}
      </body>
    </html> `;
  return page.text;
}

function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Nothing but this page's own style and script: what a state could bring in is neither loaded nor run. */
const policy = [
  "default-src 'none'",
  `style-src ${sourceOf(style)}`,
  `script-src ${sourceOf(script)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function time(value: string): Markup {
  return html`<time datetime="${value}">${timeInWords(value)}</time>`;
}

function origin({ stateTime, since, generatedAt, changes }: Report): Markup {
  const state = stateTime === undefined ? html`Of a state without a date` : html`State of ${time(stateTime)}`;
  const before =
    changes === undefined || since === undefined ? undefined : html`, compared with that of ${time(since)}`;
  return html`<p class="soft">${state}${before}. Ages as of ${time(generatedAt)}.</p>`;
}

function summary(report: Report): Markup {
  const { images, earlier, channels, size, off } = totals(report);
  const one = (label: string, value: string | number, kind = "") =>
    html`<div class="${kind}">
      <dt>${label}</dt>
      <dd>${value}</dd>
    </div> `;
  return html`<dl class="totals">
    ${one("images", images)}${one("earlier generations", earlier)}${one("channels", channels)}${one("files, in all", bytes(size))}${
      report.changes && one("changes", report.changes.length)
    }${off > 0 ? one("not active", off, "off") : undefined}
  </dl>`;
}

const kinds: Readonly<Record<Change["kind"], string>> = {
  new: "good",
  replaced: "accent",
  removed: "bad",
  renamed: "",
  updated: "warn",
  channelAdded: "violet",
  channelRemoved: "violet",
  promoted: "violet",
  rolledBack: "bad",
  channelMoved: "violet",
};

function changes({ changes, since }: Report): Markup | undefined {
  if (changes === undefined) {
    return undefined;
  }
  const heading = html`<h2 id="changes">
    What changed${since === undefined ? undefined : html`<small>since ${time(since)}</small>`}
  </h2>`;
  if (changes.length === 0) {
    return html`<section>
      ${heading}
      <div class="card empty">Nothing.</div>
    </section>`;
  }
  const item = (change: Change) =>
    html`<li>
      <span><span class="pill ${kinds[change.kind]}">${changeNames[change.kind]}</span></span
      ><span>${pieces(changeInWords(change))}</span>
    </li> `;
  return html`<section>
    ${heading}
    <ul class="list card changes">
      ${changes.map(item)}
    </ul>
  </section>`;
}

function pieces(all: readonly Piece[]): Markup[] {
  return all.map((piece) =>
    typeof piece === "string" ? html`${piece}` : html`<b>${foreign(piece.foreign)}</b>`,
  );
}

function channels(report: Report): Markup | undefined {
  if (report.channels.length === 0) {
    return undefined;
  }
  const item = (channel: ReportedChannel) =>
    html`<li>
      <span><span class="pill violet channel">${foreign(channel.name)}</span></span>
      <span
        >${foreign(entryInWords(channel))}
        <b>${foreign(channel.version ?? shortened(channel.imageId))}</b></span
      >
      <span class="soft">${channelState(channel, report)}</span>
    </li> `;
  return html`<section>
    <h2 id="channels">Channels</h2>
    <ul class="list card channels">
      ${report.channels.map(item)}
    </ul>
  </section>`;
}

const columns = ["image", "state", "channels", "system", "size", "age", "place"] as const;

function images(report: Report): Markup {
  const groups = byEntry(report);
  if (groups.length === 0) {
    return html`<section>
      <h2 id="images">Images</h2>
      <div class="card empty">The stack has no images.</div>
    </section>`;
  }
  return html`<section>
    <label class="filter" hidden
      ><input type="search" placeholder="filter images" aria-label="filter images"
    /></label>
    <h2 id="images">Images</h2>
    <div class="card">
      <table>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        ${groups.map(group)}
      </table>
    </div>
  </section>`;
}

function group(all: readonly ReportedImage[]): Markup {
  const [first] = all;
  if (first === undefined) {
    return html``;
  }
  const count = all.length === 1 ? undefined : html`, ${all.length} images`;
  return html`<tbody>
    <tr class="entry">
      <th colspan="${columns.length}" scope="rowgroup">
        <b>${foreign(first.entry)}</b><span class="soft">${origins(first)}${count}</span>
      </th>
    </tr>
    ${all.map(row)}
  </tbody> `;
}

function origins({ declaredAs, pipeline }: ReportedImage): Markup {
  return html`${declaredAs}${pipeline === undefined ? undefined : html` ${foreign(pipeline)}`}`;
}

function row(image: ReportedImage): Markup {
  const { version, name, channels, osDistro, age, createdAt, region, visibility } = image;
  const cells = {
    image:
      version === undefined
        ? html`<b>${foreign(name ?? shortened(image.id))}</b>`
        : html`<b>${foreign(version)}</b
            >${name === undefined ? undefined : html`<span class="sub">${foreign(name)}</span>`}`,
    state: html`${generation(image)}${status(image)}${
      image.protected === true ? html`<span class="pill accent">protected</span>` : undefined
    }`,
    channels: channels.map((channel) => html`<span class="pill violet channel">${foreign(channel)}</span>`),
    system: osDistro === undefined ? undefined : foreign(osDistro),
    size: sizes(image),
    age:
      age === undefined
        ? undefined
        : html`<time datetime="${createdAt}" title="${createdAt}">${ageInWords(age)}</time>`,
    place: html`${region === undefined ? undefined : foreign(region)}${
      visibility === undefined ? undefined : html`<span class="sub">${foreign(visibility)}</span>`
    }`,
  };
  const cell = (column: (typeof columns)[number]) =>
    html`<td
      data-label="${column}"
      ${column === "size" || column === "age" ? html` class="number"` : undefined}
    >
      ${cells[column]}
    </td>`;
  return html`<tr class="image${image.generation === 0 ? "" : " earlier"}">
      ${columns.map(cell)}
    </tr>
    <tr class="more">
      <td colspan="${columns.length}">${details(image)}</td>
    </tr> `;
}

function generation(image: ReportedImage): Markup {
  const kind = image.leaving ? "bad" : image.generation === 0 && !image.lookedUp ? "accent" : "";
  return html`<span class="pill ${kind}">${generationInWords(image)}</span>`;
}

function status(image: ReportedImage): Markup | undefined {
  const { status } = image;
  return status === undefined
    ? undefined
    : html`<span class="pill ${isOff(image) ? "bad" : status === "active" ? "good" : ""}"
        >${foreign(status)}</span
      >`;
}

function sizes({ size, virtualSize }: ReportedImage): Markup {
  const exact = (value: unknown) => (typeof value === "number" ? `${value} bytes` : "");
  const disk = sizeInWords(virtualSize);
  return html`<span title="${exact(size)}">${sizeInWords(size)}</span>${
      disk === undefined
        ? undefined
        : html`<span class="sub" title="${exact(virtualSize)}">disk ${disk}</span>`
    }`;
}

/** Id and hashes, shortened to be recognized; opened, with all the rest. */
function details(image: ReportedImage): Markup {
  const brief = [
    ["id", image.id],
    ["md5", image.md5],
    ["sha512", image.sha512],
  ] as const;
  const told = brief.flatMap(([label, value]) =>
    value === undefined
      ? []
      : [html`<span title="${value}">${label} <code>${foreign(shortened(value))}</code></span>`],
  );
  const separated = told.flatMap((one, index) => (index === 0 ? [one] : [html` · `, one]));
  const facts = factsOf(image).filter(([, value]) => value !== undefined);
  return html`<details>
    <summary>${separated}</summary>
    <dl class="facts">
      ${facts.map(
        ([label, value]) =>
          html`<dt>${label}</dt>
            <dd>${value}</dd> `,
      )}
    </dl>
  </details>`;
}

function factsOf(image: ReportedImage): (readonly [string, Markup | undefined])[] {
  const text = (value: unknown) => (value === undefined ? undefined : foreign(valueInWords(value)));
  const code = (value: string | undefined) =>
    value === undefined ? undefined : html`<code>${foreign(value)}</code>`;
  const { tags, sharedWith, createdAt, minDisk, minRam } = image;
  return [
    ["id", code(image.id)],
    ["md5", code(image.md5)],
    ["sha512", code(image.sha512)],
    ["name", text(image.name)],
    ["created", createdAt === undefined ? undefined : time(createdAt)],
    ["file", text(image.file)],
    ["url", code(image.url)],
    ["server", code(image.serverId)],
    ["smallest disk", minDisk === undefined ? undefined : html`${minDisk} GB`],
    ["least memory", text(minRam)],
    ["protected", text(image.protected)],
    ["shared with", sharedWith.length === 0 ? undefined : text(sharedWith)],
    ["environment", text(image.environment)],
    ["tags", tagsOf(tags)],
    ["urn", code(image.urn)],
  ];
}

function tagsOf(tags: ReportedImage["tags"]): Markup | undefined {
  if (!isObject(tags)) {
    return tags === undefined ? undefined : foreign(tags);
  }
  const pills = Object.entries(tags).map(
    ([key, value]) => html`<span class="pill channel">${foreign(key)}: ${foreign(value)}</span> `,
  );
  return pills.length === 0 ? undefined : html`${pills}`;
}
