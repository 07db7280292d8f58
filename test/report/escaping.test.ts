import { spawnSync } from "node:child_process";
import { DOMParser } from "@xmldom/xmldom";
import { htmlOf, markdownOf } from "../../provider/report";
import { hostile, reportWith } from "./hostile";

const harmless = reportWith("harmless");

/** How often each tag is opened, as a parser that is not ours sees it. */
function tags(html: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, name = ""] of html.matchAll(/<([a-z][a-z0-9]*)/gi)) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test.each(hostile)("in HTML, %j is text", (text) => {
  const html = htmlOf(reportWith(text));
  expect(tags(html)).toEqual(tags(htmlOf(harmless)));
  expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\ufeff]|(?!\n)\p{Cc}/u);
  const attributes = (html.match(/<[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, ""));
  expect(attributes.filter((tag) => /\son|'/.test(tag))).toEqual([]);
});

test("the page as another parser reads it holds the text as it is", () => {
  const text = hostile[1] ?? "";
  const html = htmlOf(reportWith(text))
    .replace("<!doctype html>", "")
    .replace(/<script>.*<\/script>/s, "");
  const xml = html.replaceAll(" hidden\n", ' hidden=""\n').replace(/<(meta [^>]*[^/])>/g, "<$1/>");
  const page = new DOMParser({ onError: () => undefined }).parseFromString(xml, "text/html");
  const names = [...page.getElementsByTagName("bdi")].map(({ textContent }) => textContent);
  expect(names).toContain(text);
  expect(page.getElementsByTagName("img")).toHaveLength(0);
});

const found = spawnSync("cmark-gfm", ["--version"]).status === 0;
const onCmark = found ? test : test.skip;

/** As GitHub's own renderer makes HTML of it. */
function rendered(markdown: string): string {
  const extensions = ["table", "autolink", "strikethrough", "tagfilter"].flatMap((name) => ["-e", name]);
  const { stdout, status } = spawnSync("cmark-gfm", ["--unsafe", ...extensions], {
    input: markdown,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  return stdout;
}

onCmark.each(hostile)("in Markdown, cmark-gfm takes %j for text", (text) => {
  const html = rendered(markdownOf(reportWith(text)));
  expect(tags(html)).toEqual(tags(rendered(markdownOf(harmless))));
  // Outside of code GitHub looks for mentions, issues and links.
  const outside = html.replace(/<code>.*?<\/code>/gs, "");
  expect(outside).not.toMatch(/evil|octocat|#1|hidden/);
});

onCmark("a text stands in the table as it is", () => {
  const cells = (text: string) =>
    [...rendered(markdownOf(reportWith(text))).matchAll(/<td><code>(.*?)<\/code><\/td>/gs)].map(
      ([, cell]) => cell,
    );
  expect(cells("a | b \\| c")).toContain("a | b \\| c");
  expect(cells("a ` b `` c ```")).toContain("a ` b `` c ```");
});

test("a table of more images than a comment takes says how many are left out", () => {
  const [image] = harmless.images;
  const images = Array.from({ length: 130 }, (_, index) => ({ ...image!, id: `id-${index}` }));
  const markdown = markdownOf({ ...harmless, images });
  expect(markdown).toContain("… and 30 more images.");
  expect(markdown.length).toBeLessThan(65_536); // What GitHub takes as a comment.
});
