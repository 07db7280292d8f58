import { mkdir, mkdtemp, readFile, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Emulator, type EmulatorOptions, type RawImage, startEmulator } from "../../emulator";
import { introduction, optionsFrom } from "../../emulator/command";
import { clientOf, qcow2 } from "./testing";

let emulator: Emulator;
let dataDir: string;
const start = async (options: EmulatorOptions = {}) =>
  (emulator = await startEmulator({ dataDir, ...options }));

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "scp-emulator-"));
  await start();
});
afterEach(async () => {
  await emulator.close();
  await rm(dataDir, { recursive: true });
});

async function create(given: object = {}): Promise<string> {
  const url = emulator.objectUrl("images", "one.qcow2");
  await emulator.putObject("images", "one.qcow2", qcow2());
  const answer = await clientOf(emulator).create({ name: "one", os_distro: "alma", url, ...given });
  expect(answer.status).toBe(200);
  return answer.json.id;
}

const objectFiles = () => readdir(path.join(dataDir, "objects"));

async function control<T>(method: string, what: string, body?: object): Promise<T> {
  const response = await fetch(`${emulator.url}/_emulator/${what}`, {
    method,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

describe("the data folder", () => {
  test("a second run finds what the first one made", async () => {
    const id = await create({ tags: [{ key: "a", value: "b" }] });
    await emulator.settled(id);
    const before = emulator.images();
    await emulator.close();
    await start();
    expect(emulator.images()).toEqual(before);
    expect(before[0]).toMatchObject({ id, status: "active", tags: [{ key: "a", value: "b" }] });
    const object = await fetch(`${emulator.objectStorageUrl}/images/one.qcow2`);
    expect(Buffer.from(await object.arrayBuffer()).equals(qcow2())).toBe(true);
    const again = await clientOf(emulator).create({ name: "two", os_distro: "alma", url: before[0]!.url });
    expect(again.status).toBe(200);
  });

  test("what an answer says is on disk before it is given", async () => {
    const id = await create();
    const state = JSON.parse(await readFile(path.join(dataDir, "state.json"), "utf8")) as {
      images: { body: { id: string } }[];
    };
    expect(state.images.map((image) => image.body.id)).toEqual([id]);
  });

  test.each([
    ["queued", "queued"],
    ["stuck", "importing"],
  ] as const)("an import cut short (%s) is %s in the next run", async (interruptedImports, status) => {
    emulator.options.importMs = 60_000;
    const id = await create();
    await emulator.close();
    await start({ interruptedImports });
    expect(emulator.images()).toMatchObject([{ id, status, importRunning: false }]);
    const again = await clientOf(emulator).call("POST", `/v1/images/${id}/import`, {
      body: { url: emulator.objectUrl("images", "one.qcow2") },
    });
    expect(again.status).toBe(status === "queued" ? 202 : 409);
  });

  test("files of replaced, deleted, refused and forgotten objects go", async () => {
    await emulator.putObject("images", "one.qcow2", Buffer.from("1"));
    await emulator.putObject("images", "one.qcow2", Buffer.from("2"));
    expect(await objectFiles()).toHaveLength(1);
    await writeFile(path.join(dataDir, "objects", "left-by-a-kill"), "x");
    await emulator.close();
    await start();
    expect(await objectFiles()).toHaveLength(1);
    await emulator.reset();
    expect(await objectFiles()).toHaveLength(0);
  });

  test("nothing is answered as done that could not be saved", async () => {
    await emulator.putObject("images", "one.qcow2", qcow2());
    const given = { name: "one", os_distro: "alma", url: emulator.objectUrl("images", "one.qcow2") };
    const said = jest.spyOn(console, "error").mockImplementation(() => undefined);
    const file = path.join(dataDir, "state.json.new");
    await mkdir(file);
    expect((await clientOf(emulator).create(given)).status).toBe(500);
    expect(said).toHaveBeenCalled();
    said.mockRestore();
    await rmdir(file);
    expect((await clientOf(emulator).create(given)).status).toBe(200);
    const state = JSON.parse(await readFile(path.join(dataDir, "state.json"), "utf8")) as {
      images: object[];
    };
    expect(state.images).toHaveLength(2);
  });

  test("two emulators on one folder would spoil it", async () => {
    await expect(startEmulator({ dataDir })).rejects.toThrow(
      `The emulator at ${emulator.url} keeps its data`,
    );
    await emulator.close();
    await writeFile(path.join(dataDir, "emulator.url"), "http://127.0.0.1:1");
    await start();
  });

  test("a port that is taken leaves the folder free", async () => {
    const { port } = new URL(emulator.url);
    const other = await mkdtemp(path.join(tmpdir(), "scp-emulator-"));
    await expect(startEmulator({ dataDir: other, port: Number(port) })).rejects.toThrow("EADDRINUSE");
    await (await startEmulator({ dataDir: other })).close();
    await rm(other, { recursive: true });
  });
});

describe("/_emulator/", () => {
  test("images: seen, waited for, changed, made, removed", async () => {
    const id = await create();
    expect(await control<RawImage>("GET", `settled/${id}`)).toMatchObject({
      id,
      status: "active",
      importsStarted: 1,
    });
    expect(await control("PATCH", `images/${id}`, { min_ram: 7, protected: true })).toMatchObject({
      min_ram: 7,
    });
    await control("PATCH", "images/standard", { visibility: "public", name: "AlmaLinux" });
    expect(await control<RawImage[]>("GET", "images")).toHaveLength(2);
    await control("DELETE", `images/${id}`);
    expect(await control("GET", "images")).toMatchObject([{ id: "standard", status: "active" }]);
    await expect(control("PATCH", "images/standard", { minRam: 1 })).rejects.toThrow("minRam");
  });

  test("stats and requests", async () => {
    const id = await create();
    await clientOf(emulator).call("GET", `/v1/images/${id}`, { version: "virtualserver 1.2" });
    expect(await control("GET", "stats")).toMatchObject({ createImage: 1, showImage: 1 });
    expect(await control("GET", "requests")).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ operation: "createImage", imageId: id, status: 200 }),
        expect.objectContaining({
          operation: "showImage",
          path: `/v1/images/${id}`,
          scpApiVersion: "virtualserver 1.2",
        }),
      ]),
    );
  });

  test("faults", async () => {
    const { id } = await control<{ id: number }>("POST", "faults", { kind: "status", status: 500 });
    expect((await clientOf(emulator).call("GET", "/v1/images")).status).toBe(500);
    expect(await control("GET", "faults")).toMatchObject([{ id, matched: 1, struck: 1 }]);
    await control("DELETE", `faults/${id}`);
    await control("POST", "faults", { kind: "hang" });
    await control("DELETE", "faults");
    expect(await control("GET", "faults")).toEqual([]);
    await expect(control("POST", "faults", { kind: "nothing" })).rejects.toThrow("400");
  });

  test("settings", async () => {
    expect(await control("GET", "settings")).toMatchObject({ importsBy: "create", env: emulator.env });
    await control("PATCH", "settings", { importsBy: "import", importMs: 5, queuedMs: 1, pathForms: "colon" });
    expect(emulator.options).toMatchObject({
      importsBy: "import",
      importMs: 5,
      queuedMs: 1,
      pathForms: "colon",
    });
    await expect(control("PATCH", "settings", { secretKey: "x" })).rejects.toThrow("secretKey");
  });

  test("reset, and what is not there", async () => {
    await create();
    await control("POST", "reset");
    expect([await control("GET", "images"), await control("GET", "stats")]).toEqual([[], {}]);
    await expect(control("GET", "nothing")).rejects.toThrow("GET images");
  });
});

test("an object can be put into the other account's storage, and is named by its url", async () => {
  const [main, second] = emulator.options.accounts;
  await emulator.putObject("theirs", "one.qcow2", qcow2(), "public-read", second!.accountId);
  expect(emulator.objects().filter(({ bucket }) => bucket === "theirs")).toMatchObject([
    { account: second!.accountId, key: "one.qcow2", acl: "public-read" },
  ]);
  const url = emulator.objectUrl("theirs", "one.qcow2", second!.accountId);
  expect(url).toContain(`/${second!.accountId}:theirs/one.qcow2`);
  const asked = (as: typeof main) =>
    clientOf(emulator).call("POST", "/v1/images", { body: { name: "one", os_distro: "alma", url }, as });
  expect((await asked(second!)).status).toBe(200);
  expect((await asked(main)).status).toBe(400);
});

test("keys, account, region and environment are settings", async () => {
  const secret = {
    accessKey: "KEY",
    secretKey: "secret",
    accountId: "b".repeat(32),
    region: "kr-south1",
    environment: "g",
  };
  const other = await startEmulator({ ...secret, accounts: [] });
  expect(other.env).toEqual({
    SCP_ACCESS_KEY: "KEY",
    SCP_SECRET_KEY: "secret",
    SCP_REGION: "kr-south1",
    SCP_ENVIRONMENT: "g",
    SCP_ENDPOINT: other.url,
    SCP_OBJECT_STORAGE_ENDPOINT: other.objectStorageUrl,
  });
  await other.putObject("images", "one.qcow2", qcow2());
  const url = `https://object-store.kr-south1.g.samsungsdscloud.com/${"b".repeat(32)}:images/one.qcow2`;
  expect(other.objectUrl("images", "one.qcow2")).toBe(url);
  expect((await clientOf(other).create({ name: "one", os_distro: "alma", url })).status).toBe(200);
  await other.close();
});

describe("the command", () => {
  test("its defaults, and every flag", () => {
    expect(optionsFrom([])).toMatchObject({
      importMs: 3000,
      importsBy: "create",
      snapshotMs: 3000,
      standardImages: false,
      dataDir: ".local/emulator",
    });
    const flags = [
      "--port",
      "0",
      "--data",
      "d",
      "--import-ms",
      "5",
      "--snapshot-ms",
      "6",
      "--imports-by",
      "import",
      "--standard-images",
      "--region",
      "kr-east1",
    ];
    expect(optionsFrom(flags)).toMatchObject({
      port: 0,
      dataDir: "d",
      importMs: 5,
      snapshotMs: 6,
      importsBy: "import",
      standardImages: true,
      region: "kr-east1",
    });
    expect(optionsFrom(["--help"])).toBe("help");
  });

  test.each([
    [["--prot", "1"], "--prot"],
    [["extra"], "extra"],
    [["--port", "http"], "--port is a whole number"],
    [["--port", "65536"], "--port is a whole number"],
    [["--snapshot-ms", "-1"], "--snapshot-ms"],
    [["--imports-by", "magic"], "--imports-by is create or import"],
  ])("refuses %j", (args, words) => {
    expect(() => optionsFrom(args)).toThrow(words);
  });

  test("it prints what a client needs", () => {
    const text = introduction(emulator);
    for (const account of emulator.options.accounts) expect(text).toContain(account.secretKey);
    expect(text).toContain(`export SCP_ENDPOINT=${emulator.url}\n`);
    const [, second] = emulator.options.accounts;
    expect(text).toContain(`export SCP_PROFILE_SECOND_ACCESS_KEY=${second!.accessKey}\n`);
    expect(text).toContain(`export SCP_PROFILE_SECOND_SECRET_KEY=${second!.secretKey}\n`);
    expect(text).toContain('where a resource says profile: "second"');
  });
});
