import { createHash } from "node:crypto";
import { bytes } from "../lifecycle/progress";
import { imagesTable } from "./html-images";
import { foreign, html, Markup, time } from "./markup";
import type { Change, Report, ReportedChannel } from "./model";
import { script, style } from "./style";
import {
  changeInWords,
  changeNames,
  channelState,
  entryInWords,
  shortened,
  totals,
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
        ${new Markup(`<style>${style}</style>`)}
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
  return all.map((piece) => {
    if (typeof piece === "string") {
      return html`${piece}`;
    }
    const text = foreign(piece.foreign);
    return piece.as === "subject"
      ? html`<b>${text}</b>`
      : piece.as === "id"
        ? html`<code>${text}</code>`
        : text;
  });
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

function images(report: Report): Markup {
  return html`<section>
    <div class="bar">
      <h2 id="images">Images</h2>
      <label class="filter" hidden
        ><input type="search" placeholder="filter images" aria-label="filter images"
      /></label>
    </div>
    ${imagesTable(report)}
  </section>`;
}
