import { isTransient } from "../../provider/object-storage/errors";
import { PartSlots } from "../../provider/object-storage/parts";
import { s3Error, type Fate, type Operation } from "./proxy";
import { servers, tellMissing } from "./servers";
import { begin, begun, partSize, request, stored, World, type TestFile } from "./world";

jest.setTimeout(120_000);
tellMissing();

const operations: Operation[] = ["head", "listUploads", "listParts", "create", "part", "complete"];
const once: Fate[] = ["lost", "unanswered", s3Error(503, "SlowDown"), s3Error(500, "InternalError")];
const name = (fate: Fate) => (typeof fate === "string" ? fate : `answered ${fate.status}`);

describe.each(servers)("uploads to $name, when things fail", (kind) => {
  let world: World;
  let file: TestFile;
  let seed = 0;

  beforeAll(async () => {
    world = await World.start(kind);
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.proxy.reset();
    file = world.file(`file-${++seed}`, partSize + 1000, seed);
  });

  const cases = operations.flatMap((operation) => once.map((fate) => ({ operation, fate, how: name(fate) })));

  test.each(cases)(
    "one $operation $how: the file arrives, and no upload is left",
    async ({ operation, fate }) => {
      // So that there is something whose parts are listed.
      if (operation === "listParts") await begin(world.server.s3, file, { 2: file.bytes.subarray(partSize) });
      world.proxy.fate = (passing) =>
        passing.operation === operation && passing.nth === 1 ? fate : "passes";
      await world.store().upload(request(file));
      // Of an upload that is complete without an answer, the object itself tells.
      const least = operation === "complete" && fate === "unanswered" ? 0 : 1;
      expect(world.proxy.count(operation)).toBeGreaterThan(least);
      expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
      expect(await begun(world.server.s3, file.key)).toEqual([]);
    },
  );

  test("an upload completed whose answer is lost is not completed again", async () => {
    world.proxy.fate = ({ operation }) => (operation === "complete" ? "unanswered" : "passes");
    await world.store().upload(request(file));
    expect(world.proxy.count("complete")).toBe(1);
    expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
  });

  test.each(["silent", "silent-after"] as const)(
    "a server that is %s on a part does not hang it",
    async (fate) => {
      world.proxy.fate = ({ part }) => (part === 1 && world.proxy.parts().length <= 2 ? fate : "passes");
      await world.store({ silence: 500 }).upload(request(file));
      expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
    },
  );

  test("connections that fail for good leave what was sent, and the message says so; the next run goes on", async () => {
    world.proxy.fate = ({ part }) => (part === 2 ? "lost" : "passes");
    const error: unknown = await world
      .store({}, new PartSlots(1))
      .upload(request(file))
      .catch((caught: unknown) => caught);
    expect(isTransient(error)).toBe(true);
    expect(String(error)).toContain(
      `${partSize} of ${file.size} bytes are there: the next run goes on from them.`,
    );
    expect(world.proxy.count("part")).toBe(5);
    expect((await begun(world.server.s3, file.key)).map(({ parts }) => parts)).toEqual([[1]]);
    world.proxy.reset();
    expect((await world.store().upload(request(file))).kept).toBe(partSize);
    expect(world.proxy.parts()).toEqual([2]);
  });

  test("an upload that somebody aborts meanwhile is begun anew, once", async () => {
    const { s3 } = world.server;
    world.proxy.fate = async ({ operation, nth }): Promise<Fate> => {
      if (operation === "complete" && nth === 1) {
        const [upload] = await begun(s3, file.key);
        await world.store().abortUpload("images", file.key, upload!.id);
      }
      return "passes";
    };
    await world.store().upload(request(file));
    expect(world.proxy.count("create")).toBe(2);
    expect((await stored(s3, file.key)).sha256).toBe(file.sha256);
  });

  test("where uploads may not be listed, the file arrives all the same", async () => {
    world.proxy.fate = ({ operation }) =>
      operation === "listUploads" ? s3Error(403, "AccessDenied") : "passes";
    await world.store().upload(request(file));
    expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
  });

  test("a part that is damaged on the way is sent again", async () => {
    const wrong = `"${"0".repeat(32)}"`;
    world.proxy.fate = ({ part, nth }) =>
      part !== undefined && nth === 1 ? { status: 200, headers: { etag: wrong }, body: "" } : "passes";
    await world.store({}, new PartSlots(1)).upload(request(file));
    expect(world.proxy.parts()).toEqual([1, 1, 2]);
    expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
  });

  test("an object that is not what was sent is an error, and is removed", async () => {
    world.proxy.fate = ({ operation, nth }) =>
      operation === "head" && nth === 2
        ? { status: 200, headers: { "content-length": "5", "x-amz-meta-sha256": file.sha256 }, body: "" }
        : "passes";
    await expect(world.store().upload(request(file))).rejects.toMatchObject({ failure: "damaged" });
    expect(await world.store().show("images", file.key)).toBeUndefined();
  });

  test.each(["unanswered", "lost"] as const)("ACLs and removal %s once are done", async (fate) => {
    await world.store().upload(request(file));
    const acls: Operation[] = world.server.hasAcls ? ["putAcl", "getAcl"] : [];
    world.proxy.reset();
    const failing: Operation[] = [...acls, "delete", "listObjects"];
    world.proxy.fate = ({ operation, nth }) => (failing.includes(operation) && nth === 1 ? fate : "passes");
    const store = world.store();
    if (world.server.hasAcls) {
      await store.publish("images", file.key);
      expect(await store.isPublic("images", file.key)).toBe(true);
    }
    expect((await store.list("images", file.key)).objects).toHaveLength(1);
    expect(await store.remove("images", file.key, file.sha256)).toBe("removed");
    expect(await store.show("images", file.key)).toBeUndefined();
  });
});
