import { foreign, html, lines, Markup, time } from "./markup";
import type { Report, ReportedImage } from "./model";
import { isObject } from "./values";
import { ageInWords, byEntry, generationInWords, isOff, shortened, sizeInWords, valueInWords } from "./words";

const columns = ["image", "state", "channels", "system", "size", "age", "place"] as const;

/** The images, those of an entry together, each with its details folded away. */
export function imagesTable(report: Report): Markup {
  const groups = byEntry(report);
  return groups.length === 0
    ? html`<div class="card empty">The stack has no images.</div>`
    : html`<div class="card">
        <table>
          <thead>
            <tr>
              ${columns.map((column) => html`<th scope="col">${column}</th>`)}
            </tr>
          </thead>
          ${groups.map(group)}
        </table>
      </div>`;
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
  const cells = cellsOf(image);
  const cell = (column: (typeof columns)[number]) =>
    html`<td class="${column}${cells[column].length === 0 ? " none" : ""}" data-label="${column}">
      <div>${cells[column]}</div>
    </td>`;
  return html`<tr class="image${image.generation === 0 ? "" : " earlier"}">
      ${columns.map(cell)}
    </tr>
    <tr class="more">
      <td colspan="${columns.length}">${details(image)}</td>
    </tr> `;
}

/** What stands in each cell: nothing, or a line and what is less important than it. */
function cellsOf(image: ReportedImage): Record<(typeof columns)[number], Markup[]> {
  const { id, version, name, channels, osDistro, size, virtualSize, age, createdAt, region, visibility } =
    image;
  const disk = sizeInWords(virtualSize);
  return {
    image: lines(
      html`<b>${foreign(version ?? name ?? shortened(id))}</b>`,
      version === undefined || name === undefined ? undefined : foreign(name),
    ),
    state: states(image),
    channels: channels.map((channel) => pill("violet channel", foreign(channel))),
    system: lines(osDistro === undefined ? undefined : foreign(osDistro)),
    size: lines(
      size === undefined ? undefined : html`<span title="${exactly(size)}">${sizeInWords(size)}</span>`,
      disk === undefined ? undefined : html`<span title="${exactly(virtualSize)}">disk ${disk}</span>`,
    ),
    age: lines(
      age === undefined
        ? undefined
        : html`<time datetime="${createdAt}" title="${createdAt}">${ageInWords(age)}</time>`,
    ),
    place: lines(
      region === undefined ? undefined : foreign(region),
      visibility === undefined ? undefined : foreign(visibility),
    ),
  };
}

function pill(kind: string, text: Markup): Markup {
  return html`<span class="pill ${kind}">${text}</span> `;
}

function states(image: ReportedImage): Markup[] {
  const { status, leaving, generation, lookedUp } = image;
  const kind = leaving ? "bad" : generation === 0 && !lookedUp ? "accent" : "";
  const statusKind = isOff(image) ? "bad" : status === "active" ? "good" : "";
  return [
    pill(kind, html`${generationInWords(image)}`),
    ...(status === undefined ? [] : [pill(statusKind, foreign(status))]),
    ...(image.protected === true ? [pill("accent", html`protected`)] : []),
  ];
}

function exactly(size: unknown): string {
  return typeof size === "number" ? `${size} bytes` : "";
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
          html`<dt class="${kindOf(label)}">${label}</dt>
            <dd class="${kindOf(label)}">${value}</dd> `,
      )}
    </dl>
  </details>`;
}

/** On paper, only what nothing else tells. */
function kindOf(label: string): string {
  return ["name", "created", "protected", "environment", "urn"].includes(label) ? "fine" : "";
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
    ["smallest disk", isStated(minDisk) ? html`${minDisk} GB` : undefined],
    ["least memory", isStated(minRam) ? text(minRam) : undefined],
    ["protected", text(image.protected)],
    ["shared with", sharedWith.length === 0 ? undefined : text(sharedWith)],
    ["environment", text(image.environment)],
    ["tags", tagsOf(tags)],
    ["urn", code(image.urn)],
  ];
}

/** Nobody asks for a disk of 0 GB. */
function isStated(least: unknown): boolean {
  return least !== undefined && least !== 0;
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
