import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { htmlOf } from "../../provider/report";
import { run } from "../../tools/run/cli";
import { hostile, reportWith } from "./hostile";

jest.setTimeout(180_000);

const browser = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "google-chrome"].map((name) => join(folder, name)))
  .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
const inBrowser = browser === undefined ? test.skip : test;

let folder: string;
let proxy: Server;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "browser-"));
  asked = [];
  // Whatever the page loads comes here, and goes nowhere.
  proxy = createServer(({ url = "" }, response) => {
    asked.push(url);
    response.end();
  });
  proxy.on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
});
afterEach(() => {
  proxy.closeAllConnections();
  proxy.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What a browser makes of a page, what it complains about, and what it asked the network for. */
async function open(page: string, ...more: string[]): Promise<{ dom: string; complaints: string[] }> {
  const file = join(folder, "report.html");
  writeFileSync(file, page);
  const { port } = proxy.address() as AddressInfo;
  const { stdout, stderr, code } = await run(
    browser!,
    [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      `--user-data-dir=${join(folder, "profile")}`,
      ...[`--proxy-server=http://127.0.0.1:${port}`, "--proxy-bypass-list=<-loopback>"],
      ...["--enable-logging=stderr", "--virtual-time-budget=2000", ...more],
      "--dump-dom",
      pathToFileURL(file).href,
    ],
    { cwd: folder, env: { ...process.env, HOME: folder } },
  );
  expect(code).toBe(0);
  return { dom: stdout, complaints: stderr.split("\n").filter((line) => line.includes("CONSOLE")) };
}

/** Where the page says what may be loaded and run. */
const policy = /<meta\s+http-equiv[^>]*>/;

/** What was asked of hosts that the page could have named; a browser has questions of its own. */
const askedByPage = () => asked.filter((url) => url.includes(".invalid"));

inBrowser(
  "the page loads nothing, runs nothing but its own script, and has nothing to complain about",
  async () => {
    for (const text of hostile.slice(0, 5)) {
      const { dom, complaints } = await open(htmlOf(reportWith(text)));
      expect(complaints).toEqual([]);
      expect(dom.match(/<tr class="image/g)).toHaveLength(2);
      expect(dom.match(/<script/g)).toHaveLength(1);
      expect(dom).not.toContain("<img");
      expect(dom).not.toMatch(/<title>taken/);
      // Its own script ran: it shows the field that needs it.
      expect(dom).toMatch(/<label class="filter">/);
    }
    expect(askedByPage()).toEqual([]);
  },
);

inBrowser("its policy refuses what gets in all the same; and this test would see a request", async () => {
  const intruder = `<img src="http://evil.invalid/x.png"><script>document.title = "taken"</script><b style="color: red">x</b>`;
  const page = htmlOf(reportWith("harmless")).replace("<main>", `<main>${intruder}`);
  const refused = await open(page);
  expect(refused.complaints.length).toBeGreaterThanOrEqual(3);
  expect(refused.dom).not.toContain("<title>taken");
  expect(askedByPage()).toEqual([]);
  const { dom } = await open(page.replace(policy, ""));
  expect(dom).toContain("<title>taken");
  expect(askedByPage()).toEqual(["http://evil.invalid/x.png"]);
});

inBrowser("its filter leaves the images that all words are of", async () => {
  const report = reportWith("harmless");
  const [one] = report.images;
  const images = [
    { ...one!, id: "1", urn: "a", entry: "ubuntu", version: "2026.11" },
    { ...one!, id: "2", urn: "a", entry: "ubuntu", version: "2026.10" },
    { ...one!, id: "3", urn: "b", entry: "rocky", version: "2026.11" },
  ];
  const typed = `<script>input.value = "Ubuntu 2026.11"; input.dispatchEvent(new Event("input"));</script>`;
  const page = htmlOf({ ...report, images })
    .replace(policy, "")
    .replace("</body>", `${typed}</body>`);
  const { dom } = await open(page);
  expect(dom.match(/<tbody hidden/g)).toHaveLength(1);
  expect(dom.match(/<tr class="image[^>]*>/g)?.map((row) => row.includes("hidden"))).toEqual([
    false,
    true,
    true,
  ]);
});

inBrowser.each([
  ["light, wide", 1280, []],
  ["dark, on a phone", 390, ["--blink-settings=preferredColorScheme=0"]],
])("it is a picture, %s", async (_, width, more) => {
  const picture = join(folder, "report.png");
  await open(
    htmlOf(reportWith("harmless")),
    `--screenshot=${picture}`,
    `--window-size=${width},900`,
    ...more,
  );
  expect(statSync(picture).size).toBeGreaterThan(10_000); // An empty page is smaller.
});
