import { readState, reportOf, StateError, type Report } from "../../provider/report";
import type { StateDocument } from "../../engine";
import type { ImageReference } from "../../provider/report/model";
import { playLives, type Lives } from "./lives";

jest.setTimeout(180_000);

const now = Date.parse("2026-11-25T09:00:00Z");
const state = (document: unknown) => readState(JSON.stringify(document), "state.json");

describe("a stack that lived through three generations", () => {
  let lives: Lives;
  beforeAll(async () => {
    lives = await playLives();
  });

  const report = (after: StateDocument, before?: StateDocument): Report =>
    reportOf(state(after), before && state(before), now);

  /** The changes, each in a line. */
  const changes = (after: StateDocument, before: StateDocument) =>
    report(after, before).changes?.map((change) => {
      const images = ["from", "to", "image"].flatMap((key) => {
        const image = (change as unknown as Record<string, ImageReference | undefined>)[key];
        return image === undefined ? [] : [image.version ?? image.name];
      });
      const channel = "channel" in change ? [change.channel] : [];
      const kept = "kept" in change ? [change.kept ? "kept" : "gone"] : [];
      return [change.kind, change.entry, ...channel, ...images, ...kept].join(" ");
    });

  test("each image is told with its entry, its generation and the channels that point at it", () => {
    const { images, stack } = report(lives.third);
    expect(stack).toEqual({ project: "lifecycle", name: "prod" });
    expect(
      images.map(({ pipeline, entry, generation, version, channels }) => [
        pipeline ?? "-",
        entry,
        generation,
        version ?? "-",
        ...channels,
      ]),
    ).toEqual([
      ["golden", "rocky-9", 0, "9.6", "rocky-9/stable"],
      ["golden", "rocky-9", 1, "9.5"],
      ["golden", "ubuntu-24.04", 0, "2026.11.1", "ubuntu-24.04/edge"],
      ["golden", "ubuntu-24.04", 1, "2026.10.1", "ubuntu-24.04/stable"],
      ["golden", "ubuntu-24.04", 2, "2026.09.1"],
      ["golden", "windows", 0, "21H2"],
      ["-", "bastion", 0, "-"],
      ["-", "k8s-node", 0, "-"],
    ]);
    // What the emulator itself says of which image is which.
    for (const { name, id } of images) {
      expect(lives.ids[String(name)]).toBe(id);
    }
  });

  test("an image's facts are those of its record and its import; of an earlier one, those that are remembered", () => {
    const { images } = report(lives.third);
    const [current, , earlier] = images.filter(({ entry }) => entry === "ubuntu-24.04");
    expect(current).toMatchObject({
      declaredAs: "ImagePipeline",
      name: "ubuntu-24-04-2026-11-1",
      status: "active",
      osDistro: "ubuntu",
      size: 621_805_568,
      virtualSize: 10_737_418_240,
      createdAt: "2026-11-24T16:41:00Z",
      age: 58_740, // 16 h 19 min
      protected: false,
      visibility: "private",
      region: "kr-west1",
      minDisk: 10,
      tags: { team: "platform", "cis-level": "1" },
    });
    expect(current?.md5).toMatch(/^[0-9a-f]{32}$/);
    expect(current?.sha512).toMatch(/^[0-9a-f]{128}$/);
    expect(earlier).toMatchObject({ name: "ubuntu-24-04-2026-09-1", size: 612_368_384, region: "kr-west1" });
    expect(earlier).not.toHaveProperty("status");
    expect(images.find(({ entry }) => entry === "windows")).toMatchObject({
      protected: true,
      visibility: "shared",
    });
    // The example's known MD5.
    expect(images.find(({ entry }) => entry === "bastion")).toMatchObject({
      declaredAs: "Image",
      file: "bastion.qcow2",
      md5: "f40c8e70eb655939e861d41da50e6498",
    });
    expect(report(lives.first).images.find(({ entry }) => entry === "sles")).toMatchObject({
      declaredAs: "ImageRecord",
      name: "sles-15",
    });
  });

  test("what changed is told: replaced, promoted, new, removed, updated, rolled back", () => {
    expect(changes(lives.second, lives.first)).toEqual([
      "replaced rocky-9 9.5 9.6 kept",
      "replaced ubuntu-24.04 2026.09.1 2026.10.1 kept",
      "promoted ubuntu-24.04 ubuntu-24.04/edge 2026.09.1 2026.10.1",
    ]);
    expect(changes(lives.promoted, lives.second)).toEqual([
      "channelAdded rocky-9 rocky-9/stable 9.6",
      "promoted ubuntu-24.04 ubuntu-24.04/stable 2026.09.1 2026.10.1",
    ]);
    expect(changes(lives.third, lives.promoted)).toEqual([
      "replaced ubuntu-24.04 2026.10.1 2026.11.1 kept",
      "new bastion bastion",
      "removed sles sles-15",
      "updated windows 21H2",
      "promoted ubuntu-24.04 ubuntu-24.04/edge 2026.10.1 2026.11.1",
    ]);
    expect(report(lives.third, lives.promoted).changes?.find(({ kind }) => kind === "updated")).toMatchObject(
      {
        properties: [
          { property: "protected", from: false, to: true },
          { property: "visibility", from: "private", to: "shared" },
        ],
      },
    );
    expect(changes(lives.rolledBack, lives.third)).toEqual([
      "rolledBack ubuntu-24.04 ubuntu-24.04/stable 2026.10.1 2026.09.1",
    ]);
    expect(changes(lives.third, lives.third)).toEqual([]);
  });

  test("a state before that is later, or another stack's, is told", () => {
    expect(report(lives.first, lives.third).notices).toEqual([
      expect.stringContaining("the changes are backwards"),
    ]);
    const other = JSON.parse(JSON.stringify(lives.first).replaceAll(":prod::", ":test::")) as StateDocument;
    expect(report(lives.third, other).notices).toEqual([
      "The state before is of another stack, lifecycle/test.",
    ]);
  });
});

const record = (more: object = {}, outputs: object = {}) => ({
  urn: "urn:pulumi:s::p::pulumi-nodejs:dynamic/scp:ImageRecord::one",
  type: "pulumi-nodejs:dynamic/scp:ImageRecord",
  custom: true,
  id: "id-1",
  outputs: { name: "one", ...outputs },
  ...more,
});

const of = (...resources: object[]) =>
  reportOf(state({ version: 3, deployment: { resources } }), undefined, now);

test("secrets are told to be secret, in clear text and encrypted, and the provider's text is not told", () => {
  const secret = (more: object) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ...more,
  });
  const report = of(
    record(
      { inputs: { __provider: "hunter2" } },
      {
        __provider: "hunter2",
        name: secret({ ciphertext: "hunter2" }),
        url: secret({ plaintext: '"hunter2"' }),
        protected: secret({ ciphertext: "hunter2" }),
        tags: { team: secret({ ciphertext: "hunter2" }) },
        accessKey: "hunter2",
        madeWith: "hunter2",
      },
    ),
    record({ urn: "urn:pulumi:s::p::t::two", id: "id-2" }, { tags: secret({ ciphertext: "hunter2" }) }),
  );
  expect(report.images).toMatchObject([
    { name: "[secret]", url: "[secret]", protected: "[secret]", tags: { team: "[secret]" } },
    { tags: "[secret]" },
  ]);
  expect(JSON.stringify(report)).not.toContain("hunter2");
});

test("an image that is replaced and still to be deleted, one that is looked up, and one of a server are told as such", () => {
  const urn = "urn:pulumi:s::p::scp:index:ServerImage$pulumi-nodejs:dynamic/scp:ServerImageRecord::web";
  const component = {
    urn: "urn:pulumi:s::p::scp:index:ServerImage::web",
    type: "scp:index:ServerImage",
    custom: false,
  };
  const web = record(
    { urn, id: "id-3", parent: component.urn, type: "pulumi-nodejs:dynamic/scp:ServerImageRecord" },
    { serverId: "server-1" },
  );
  const member = {
    urn: "urn:pulumi:s::p::pulumi-nodejs:dynamic/scp:ImageMember::friend",
    type: "pulumi-nodejs:dynamic/scp:ImageMember",
    custom: true,
    id: "id-1/friend",
    outputs: { imageId: "id-1", memberId: "account-2" },
  };
  const { images } = of(
    record(),
    record({ delete: true, id: "id-0" }),
    record({ external: true, id: "id-2", urn: "urn:pulumi:s::p::t::vendor" }),
    component,
    web,
    member,
  );
  expect(images).toMatchObject([
    { id: "id-1", leaving: false, sharedWith: ["account-2"] },
    { id: "id-0", leaving: true, generation: 1 },
    { id: "id-2", lookedUp: true },
    { id: "id-3", entry: "web", declaredAs: "ServerImage", serverId: "server-1" },
  ]);
});

test("a query and a name in a URL are not told", () => {
  const { images } = of(
    record({}, { url: "https://user:hunter2@store/a:b/c.qcow2?X-Amz-Signature=hunter2" }),
  );
  expect(images[0]?.url).toBe("https://store/a:b/c.qcow2");
});

test("what an interrupted run was at is told", () => {
  const document = {
    version: 3,
    deployment: { resources: [], pending_operations: [{ type: "creating", resource: record() }] },
  };
  expect(reportOf(state(document), undefined, now).notices).toEqual([
    "A run was interrupted while creating ImageRecord one. The next pulumi up goes on with it.",
  ]);
});

test("states are read as the CLI exports them and as its backend keeps them; an empty stack has none of it", () => {
  const resources = [record()];
  expect(state({ version: 3, checkpoint: { latest: { resources } } }).resources).toHaveLength(1);
  expect(
    state({ version: 3, deployment: { manifest: { time: "2026-11-25T01:32:31.858834106Z" } } }).resources,
  ).toEqual([]);
});

test.each([
  "",
  "no JSON",
  "[]",
  "null",
  "{}",
  '{"version":3}',
  '{"deployment":[]}',
  '{"deployment":{"resources":{}}}',
  '{"deployment":{"images":[]}}',
])("%j is no state", (text) => {
  expect(() => readState(text, "some.json")).toThrow(
    new StateError("some.json is no state as pulumi stack export writes it."),
  );
});

test("odd resources do no harm", () => {
  const odd = [null, 7, {}, { urn: 1, type: 2 }, record({ outputs: null }), record({ id: 5, outputs: [] })];
  expect(state({ deployment: { resources: odd } }).resources).toHaveLength(2);
  expect(of(...(odd as object[])).images).toMatchObject([{ id: "id-1" }]);
});
