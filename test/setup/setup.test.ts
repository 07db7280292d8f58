// What every test has around it: an empty home, and no network but this machine's own. See test/setup.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createStack } from "../../engine";
import { openCli } from "../e2e/stack";
import { cleanEnv, findPulumi, run } from "../../tools/run/cli";
import { refused } from "./refused";

jest.setTimeout(180_000);

const repository = resolve(__dirname, "../..");
const onCli = findPulumi() === undefined ? test.skip : test;

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "setup-"));
  log = join(folder, "refused");
});
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(onSocket: (socket: Socket) => void, pipe?: string): Promise<number> {
  const server = createServer(onSocket);
  servers.push(server);
  await new Promise<void>((resolve) =>
    pipe === undefined ? server.listen(0, "127.0.0.1", resolve) : server.listen(pipe, resolve),
  );
  return pipe === undefined ? (server.address() as AddressInfo).port : 0;
}

/** Runs a script in a Node of its own, whose refusals are no failure of this test. Answers what it prints as JSON. */
async function inNode(file: string, code: string): Promise<unknown> {
  writeFileSync(join(folder, file), code);
  const env = { ...process.env, LOOPBACK_ONLY_LOG: log };
  const { stdout, stderr } = await run(process.execPath, [join(folder, file)], { cwd: folder, env });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test("a test has a home of its own, and nothing that the user has set", () => {
  expect(homedir()).toBe(process.env.HOME);
  expect(homedir().startsWith(tmpdir())).toBe(true);
  expect(readdirSync(homedir())).not.toContain(".scpconf");
  const others = Object.keys(process.env).filter((name) => !name.startsWith("npm_config_"));
  expect(others.filter((name) => /^(SCP|PULUMI)_|_proxy$/i.test(name))).toEqual([]);
});

describe("who asks for another machine", () => {
  const ways: [string, string, string][] = [
    ["net, an address", `net.connect(443, "192.0.2.1").once("error", done)`, "192.0.2.1:443"],
    ["net, IPv6", `net.connect({ port: 443, host: "2001:db8::1" }).once("error", done)`, "[2001:db8::1]:443"],
    ["net, a name", `net.connect(443, "one.invalid").once("error", done)`, "one.invalid"],
    [
      "net, a name found to be elsewhere",
      `net.connect({ port: 443, host: "two.invalid", lookup: (n, o, cb) => cb(null, [{ address: "192.0.2.2", family: 4 }]) })
        .once("error", done)`,
      "two.invalid:443, which is 192.0.2.2,",
    ],
    ["a socket", `new net.Socket().connect(80, "192.0.2.3").once("error", done)`, "192.0.2.3:80"],
    ["tls", `tls.connect(443, "192.0.2.4").once("error", done)`, "192.0.2.4:443"],
    ["http", `http.get("http://three.invalid/").once("error", done)`, "three.invalid"],
    ["https, kept alive", `https.get("https://192.0.2.5/", { agent }).once("error", done)`, "192.0.2.5:443"],
    ["http2", `http2.connect("https://four.invalid").once("error", done)`, "four.invalid"],
    ["fetch", `fetch("https://five.invalid/").catch(({ cause }) => done(cause))`, "five.invalid"],
    ["dns.lookup", `dns.lookup("six.invalid", done)`, "six.invalid"],
    ["dns.lookup with options", `dns.lookup("seven.invalid", { all: true }, done)`, "seven.invalid"],
    ["dns.promises", `dns.promises.lookup("eight.invalid").catch(done)`, "eight.invalid"],
    ["a name server", `dns.resolve4("nine.invalid", done)`, "nine.invalid"],
    ["a name server, later", `dns.promises.resolve("ten.invalid").catch(done)`, "ten.invalid"],
    ["a resolver", `new dns.Resolver().resolveTxt("eleven.invalid", done)`, "eleven.invalid"],
    ["a module", `import("./way.mjs").then((way) => way.default(done))`, "twelve.invalid"],
    ["a thread", `new Worker("./thread.js").once("message", done)`, "thirteen.invalid"],
  ];

  test("gets an error that names it, and a line is left", async () => {
    writeFileSync(
      join(folder, "way.mjs"),
      'import { lookup } from "node:dns"; export default (done) => lookup("twelve.invalid", done);',
    );
    writeFileSync(
      join(folder, "thread.js"),
      `const tell = ({ code, message }) => require("worker_threads").parentPort.postMessage({ code, message });
       require("dns").promises.lookup("thirteen.invalid").catch(tell);`,
    );
    const answers = await inNode(
      "ways.js",
      `const [dns, http, http2, https, net, tls] = ["dns", "http", "http2", "https", "net", "tls"].map(require);
       const { Worker } = require("worker_threads");
       const agent = new https.Agent({ keepAlive: true });
       const ways = [${ways.map(([, code]) => `(done) => { ${code}; }`).join(",\n")}];
       Promise.all(ways.map((way) => new Promise(way))).then((errors) => {
         console.log(JSON.stringify(errors.map(({ code, message }) => [code, message])));
       });`,
    );
    const messages = ways.map(([, , target]) => `Tests reach nothing but this machine: ${target} is refused`);
    expect(answers).toEqual(messages.map((message) => ["ERR_NOT_LOOPBACK", message]));
    for (const [, , target] of ways) {
      expect(refused(log).filter((line) => line.includes(` ${target} (process `))).toHaveLength(1);
    }
  });

  test("who asks for this machine does not", async () => {
    const here = (socket: Socket) => socket.end("here");
    const port = await listen(here);
    await listen(here, join(folder, "pipe"));
    const places = [
      `${port}`,
      `${port}, "127.0.0.1"`,
      `{ port: ${port}, host: "localhost" }`,
      `${port}, "::ffff:127.0.0.1"`,
      `{ port: ${port}, host: "made.up.invalid", lookup: (n, { all }, cb) =>
        all ? cb(null, [{ address: "127.0.0.1", family: 4 }]) : cb(null, "127.0.0.1", 4) }`,
      JSON.stringify(join(folder, "pipe")),
      `{ path: ${JSON.stringify(join(folder, "pipe"))} }`,
    ];
    const answers = await inNode(
      "places.js",
      `const net = require("net");
       const read = (socket) => new Promise((done) => socket.once("data", String).once("error", done).on("data", (data) => done(String(data))));
       Promise.all([${places.map((place) => `read(net.connect(${place}))`).join()}])
         .then((all) => console.log(JSON.stringify(all)));`,
    );
    expect(answers).toEqual(places.map(() => "here"));
    expect(refused(log)).toEqual([]);
  });

  test("npm may, as it must fetch what a test installs; what it starts may not", async () => {
    const ask =
      'Object.getOwnPropertySymbols(require("net").Socket.prototype).map(String).join().includes("loopback-only")';
    const start =
      'require("child_process").execFileSync(process.execPath, ["-p", process.argv[2]], { encoding: "utf8" })';
    writeFileSync(join(folder, "npm-cli.js"), `console.log(JSON.stringify([${ask}, ${start}.trim()]));`);
    const { stdout } = await run(process.execPath, [join(folder, "npm-cli.js"), ask], {
      cwd: folder,
      env: process.env,
    });
    expect(JSON.parse(stdout)).toEqual([false, "true"]);
  });
});

/** A program, and a dynamic provider, that ask for another machine and tell what came of it. */
const asking = `
  const pulumi = require("@pulumi/pulumi");
  const ask = (host) => new Promise((done) => require("net").connect(443, host).once("error", ({ code }) => done(code)));
  class Asking extends pulumi.dynamic.Resource {
    constructor() {
      super({ create: async () => ({ id: "one", outs: { answer: await ask("192.0.2.2") } }) }, "asking", { answer: undefined });
    }
  }
  module.exports = async () => ({ program: await ask("192.0.2.1"), provider: new Asking().answer });
`;

function expectBothRefused(outputs: Record<string, unknown>): void {
  expect(outputs).toEqual({ program: "ERR_NOT_LOOPBACK", provider: "ERR_NOT_LOOPBACK" });
  expect(refused(log).map((line) => line.split(" ")[1])).toEqual(["192.0.2.1:443", "192.0.2.2:443"]);
}

onCli("the CLI's program and its provider are among those who cannot", async () => {
  const stack = await openCli({ LOOPBACK_ONLY_LOG: log });
  writeFileSync(join(stack.command.cwd, "index.js"), asking);
  expect(await stack.up()).toMatchObject({ ok: true });
  expectBothRefused(await stack.outputs());
  stack.close();
});

test("so are those of the embedded engine", async () => {
  const parent = join(repository, ".local/tests");
  mkdirSync(parent, { recursive: true });
  const program = mkdtempSync(join(parent, "asking-"));
  writeFileSync(join(program, "Pulumi.yaml"), "name: asking\nruntime: nodejs\nmain: index.js\n");
  writeFileSync(join(program, "index.js"), asking);
  const stack = createStack({ program, stack: "test", env: cleanEnv({ LOOPBACK_ONLY_LOG: log }) });
  expectBothRefused((await stack.up()).outputs);
  await stack.close();
  rmSync(program, { recursive: true });
});

/** Preloaded into Node, it tells who reads one of the vendor's files. */
const spy = (files: string, told: string) => `
  const fs = require("node:fs");
  const append = fs.appendFileSync;
  const watch = (holder, names) => {
    for (const name of names) {
      const real = holder[name];
      holder[name] = (file, ...rest) => {
        if (String(file).startsWith(${JSON.stringify(files)})) append(${JSON.stringify(told)}, name + " " + file + "\\n");
        return real(file, ...rest);
      };
    }
  };
  watch(fs, ["readFileSync", "readFile", "openSync", "open", "createReadStream"]);
  watch(fs.promises, ["readFile", "open"]);
`;

test("in a home with credentials the tests are about the emulator, and the credentials stay unread", async () => {
  const home = join(folder, "home");
  const files = join(home, ".scpconf");
  mkdirSync(files, { recursive: true });
  const keys = { "access-key": "the-users-access-key", "secret-key": "the-users-secret-key" };
  writeFileSync(join(files, "credentials.json"), JSON.stringify(keys), { mode: 0o600 });
  const place = { "default-region": "kr-west1", "auth-url": "https://iam.e.samsungsdscloud.com/v1" };
  writeFileSync(join(files, "config.json"), JSON.stringify(place));
  const told = join(folder, "read");
  writeFileSync(join(folder, "spy.js"), spy(files, told));

  // Should the tests use those keys after all, this is as far as they get.
  let asked = 0;
  const proxy = await listen((socket) => {
    asked += 1;
    socket.destroy();
  });

  // As a shell of the user's would start them: of what this test has around it only PATH goes in.
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    USERPROFILE: home,
    SCP_TF_ACCESS_KEY: "another-access-key",
    PULUMI_STACK: "production",
    PULUMI_HOME: join(home, "nothing-there"),
    HTTPS_PROXY: `http://127.0.0.1:${proxy}`,
    NODE_OPTIONS: `--require ${JSON.stringify(join(folder, "spy.js"))}`,
  };
  const jest = join(repository, "node_modules/jest/bin/jest.js");
  const names = "on the embedded engine|each stage|a home of its own";
  const tests = [
    "test/tools/run.test.ts",
    "examples/images/stack.test.ts",
    "test/setup/setup.test.ts",
    "--testNamePattern",
    names,
  ];
  const { code, stdout, stderr } = await run(process.execPath, [jest, "--runTestsByPath", ...tests], {
    cwd: repository,
    env,
  });
  expect(refused(told)).toEqual([]);
  expect(asked).toBe(0);
  expect(stderr).toContain("PASS test/tools/run.test.ts");
  expect(stderr).toContain("PASS examples/images/stack.test.ts");
  expect(stdout).toContain("3 passed, 0 failed");
  expect(code).toBe(0);
});
