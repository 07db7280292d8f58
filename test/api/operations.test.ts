import { readFileSync } from "node:fs";
import path from "node:path";
import { isNotFound } from "../../provider/api/errors";
import { imageFrom, type Image } from "../../provider/api/images";
import { apiVersions, type ApiVersion } from "../../provider/api/settings";
import { clientFor, errorOf, fileUrl, imageId, keys, hasty } from "./client";
import { isSigned, TestServer } from "./server";
import { startEmulator, type Emulator, type ImageBody } from "../../emulator";
import { qcow2 } from "../emulator/testing";

type Documented = Record<string, string | number | boolean>;

/** The example of Show Image, version by version, as the documents print it. */
const documented = JSON.parse(readFileSync(path.join(__dirname, "show-image.json"), "utf8")) as Record<
  ApiVersion,
  Documented
>;

/** What a program gets to see of the example. The volume's other members are null there. */
const { scpGpuDriver, ...withoutGpuDriver }: Image = {
  id: "70a599e0-31e7-49b7-b260-868f441e862b",
  name: "imagename",
  status: "active",
  osDistro: "alma",
  url: "https://object-store.kr-west1.s.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7/bucket/object.qcow2",
  containerFormat: "bare",
  diskFormat: "qcow2",
  minDisk: 100,
  minRam: 0,
  protected: false,
  visibility: "private",
  checksum: "7538e0fcb56e0e272cfd89eb384d6613",
  osHashAlgo: "sha512",
  osHashValue:
    "c6a32fc3b7c909b8900b46f5e6066c028a1d799c0a263cf064a600c430a714627c21f98ac248e2f2bf29870a1a2773c7908244745016878e1a5f31dc2c405b99",
  size: 2429747200,
  virtualSize: 17179869184,
  volumes: [
    {
      bootIndex: 0,
      deleteOnTermination: false,
      destinationType: "volume",
      deviceName: "/dev/vda",
      deviceType: "disk",
      diskBus: "virtio",
      snapshotId: "abde9e38-2ed5-4ecd-b23c-b0120e30690e",
      sourceType: "snapshot",
      volumeSize: 104,
    },
  ],
  file: "/v2/images/e08a37c1-2162-416e-b7fa-19902419170b/file",
  osHidden: false,
  owner: "a8f10467abfc4b87b64614ab36eb9ae4",
  ownerAccountName: "AccountName",
  ownerUserName: "user@samsung.com",
  rootDeviceName: "/dev/vda",
  scpGpuDriver: "535.183.06",
  scpImageType: "custom",
  scpK8sVersion: "v1.28.7",
  scpOriginalImageType: "standard",
  scpOsBuildVersion: "20250101",
  scpOsVersion: "8.8",
  createdAt: "2025-07-22T09:00:00Z",
  updatedAt: "2025-07-26T12:00:00Z",
};
const typed: Record<ApiVersion, Image> = {
  "1.3": { ...withoutGpuDriver, scpGpuDriver },
  "1.2": { ...withoutGpuDriver, scpGpuDriver },
  "1.1": withoutGpuDriver,
  "1.0": withoutGpuDriver,
};

const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const renamed = (object: object, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [rename(name), value as unknown]));

let server: TestServer;
let emulator: Emulator;
beforeAll(async () => {
  server = await TestServer.start();
  emulator = await startEmulator(keys);
});
beforeEach(async () => {
  emulator.options.importsBy = "create";
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => Promise.all([server.close(), emulator.close()]));

const one = () => emulator.objectUrl("images", "one.qcow2");
const client = (apiVersion: ApiVersion = "1.3") =>
  clientFor(emulator, { settings: { apiVersion, environment: "s" } });
/** What the client asked for; not what the emulator fetched from its own storage. */
const calls = () =>
  emulator
    .requests()
    .filter(({ path }) => path.startsWith("/v1/"))
    .map(({ operation, scpApiVersion }) => [operation, scpApiVersion]);
const without = (object: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

describe.each(apiVersions)("version %s", (apiVersion) => {
  const recorded = () => clientFor(server, { settings: { apiVersion } });

  test("Show Image: what is sent", async () => {
    server.reset({ body: JSON.stringify(documented[apiVersion]) });
    await recorded().showImage(imageId);
    expect(server.requests).toHaveLength(1);
    expect(server.last).toMatchObject({ method: "GET", target: `/v1/images/${imageId}`, body: "" });
    expect(server.last.headers).toMatchObject({
      "scp-api-version": `virtualserver ${apiVersion}`,
      "scp-clienttype": "Openapi",
      "accept-language": "en-US",
    });
    expect(isSigned(server.last, server.url, keys)).toBe(true);
  });

  test("Show Image: the documented example, from the wire to typed values and back", async () => {
    server.reset({ body: JSON.stringify(documented[apiVersion]) });
    const image = await recorded().showImage(imageId);
    expect(image).toStrictEqual(typed[apiVersion]);
    expect(Object.keys(image).map(snake).sort()).toEqual(Object.keys(documented[apiVersion]).sort());
    const { volumes, ...rest } = renamed(image, snake);
    const { volumes: documentedVolumes, ...documentedRest } = documented[apiVersion];
    expect(rest).toStrictEqual(documentedRest);
    const [known] = JSON.parse(documentedVolumes as string) as [object];
    const told = Object.entries(known).filter(([, value]) => value !== null);
    expect((volumes as object[]).map((volume) => renamed(volume, snake))).toEqual([Object.fromEntries(told)]);
  });

  test("Show Image: each field has the type that it has on the wire", async () => {
    server.reset({ body: JSON.stringify(documented[apiVersion]) });
    const image = { ...(await recorded().showImage(imageId)) } as Record<string, unknown>;
    for (const [name, value] of Object.entries(documented[apiVersion])) {
      expect([name, typeof image[camel(name)]]).toEqual([name, name === "volumes" ? "object" : typeof value]);
    }
  });

  test("Show Image: all that may be null, null", async () => {
    const required = ["id", "name", "status", "min_disk", "min_ram", "protected", "visibility"];
    const nulls = Object.entries(documented[apiVersion]).map(([name, value]) => [
      name,
      required.includes(name) ? value : null,
    ]);
    server.reset({ body: JSON.stringify(Object.fromEntries(nulls)) });
    expect(await recorded().showImage(imageId)).toStrictEqual({
      id: imageId,
      name: "imagename",
      status: "active",
      minDisk: 100,
      minRam: 0,
      protected: false,
      visibility: "private",
    });
  });

  test("Import Image: what is sent, and 202 without a body", async () => {
    server.reset({ status: 202 });
    await expect(recorded().importImage(imageId, fileUrl)).resolves.toBeUndefined();
    expect(server.requests).toHaveLength(1);
    expect(server.last).toMatchObject({ method: "POST", target: `/v1/images/${imageId}/import` });
    expect(JSON.parse(server.last.body)).toStrictEqual({ url: fileUrl });
    expect(server.last.headers).toMatchObject({
      "scp-api-version": `virtualserver ${apiVersion}`,
      "scp-clienttype": "Openapi",
      "accept-language": "en-US",
      "content-type": "application/json",
    });
    expect(isSigned(server.last, server.url, keys)).toBe(true);
  });

  test("Create Image of a server: what is sent, and the id that 202 answers; another answer may have made one", async () => {
    server.reset({ status: 202, body: JSON.stringify({ image_id: imageId }) });
    const serverId = "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11";
    expect(await recorded().createServerImage(serverId, "golden")).toBe(imageId);
    expect(server.last).toMatchObject({ method: "POST", target: `/v1/servers/${serverId}/images` });
    expect(JSON.parse(server.last.body)).toStrictEqual({ image_name: "golden" });
    expect(isSigned(server.last, server.url, keys)).toBe(true);

    for (const [told, id] of [
      [imageId.toUpperCase(), imageId],
      ["Golden-1", "Golden-1"],
    ]) {
      server.reset({ status: 202, body: JSON.stringify({ image_id: told }) });
      expect(await recorded().createServerImage(serverId, "golden")).toBe(id);
    }
    for (const answer of ["{}", '{"image_id":null}', '{"image_id":"../x"}']) {
      server.reset({ status: 202, body: answer });
      const error = await errorOf(recorded().createServerImage(serverId, "golden"));
      expect(error).toMatchObject({ failure: "unexpected", mayHaveWorked: true });
      expect(server.requests).toHaveLength(1);
    }
  });

  test("Import Image and Show Image, against the emulator", async () => {
    emulator.options.importsBy = "import";
    const { id, status } = await client(apiVersion).createImage({
      name: "one",
      osDistro: "alma",
      url: one(),
    });
    expect(status).toBe("queued");
    await client(apiVersion).importImage(id, one());
    await emulator.settled(id);
    const [raw] = emulator.images();
    expect(raw).toMatchObject({ id, status: "active", importsStarted: 1, url: one() });
    const image = await client(apiVersion).showImage(id);
    expect(image).toMatchObject({ id, status: "active", checksum: raw!.checksum, size: raw!.size });
    expect(calls()).toEqual(
      ["createImage", "importImage", "showImage"].map((operation) => [
        operation,
        `virtualserver ${apiVersion}`,
      ]),
    );
  });

  test("Show Image of the documented example, against the emulator", async () => {
    const fields: Partial<ImageBody> = without(documented["1.3"], "id");
    await emulator.setImage(imageId, { ...fields, visibility: "public" });
    expect(await client(apiVersion).showImage(imageId)).toStrictEqual({
      ...typed[apiVersion],
      visibility: "public",
    });
  });
});

describe("what an answer may lack", () => {
  const show = async (answer: object | string) => {
    server.reset({ body: typeof answer === "string" ? answer : JSON.stringify(answer) });
    return clientFor(server).showImage("one");
  };

  test("all but id and status may be missing, or of another type: then it is not told, and nothing is made up", async () => {
    const least = { id: "one", name: "n", status: "QUEUED", visibility: "Shared" };
    const shown = { id: "one", name: "n", status: "queued", visibility: "shared" };
    expect(await show(least)).toStrictEqual(shown);
    const odd = {
      ...least,
      min_disk: "a hundred",
      protected: "yes",
      size: {},
      checksum: 7,
      volumes: 1,
      os_hidden: 0,
    };
    expect(await show(odd)).toStrictEqual(shown);
  });

  test.each(["id", "status"])("without %s it is no image", async (name) => {
    const { id } = documented["1.3"];
    server.reset({ body: JSON.stringify(documented["1.3"]) });
    await expect(clientFor(server).showImage(String(id))).resolves.toMatchObject({ id });
    server.reset({ body: JSON.stringify(without(documented["1.3"], name)) });
    const error = await errorOf(clientFor(server).showImage(String(id)));
    expect(error).toMatchObject({ failure: "unexpected", status: 200 });
  });

  test.each([
    ["null", undefined],
    ["", undefined],
    ["[", undefined],
    ["{}", undefined],
    ["[]", []],
    ['[null, 1, "a", [], {}]', [{}]],
    ['[{"volume_size": "large", "boot_index": 1e999, "encrypted": 1, "tag": "t"}]', [{ tag: "t" }]],
  ])("volumes %s", async (volumes, expected) => {
    const image = await show({ id: "one", name: "n", status: "active", volumes });
    expect(image.volumes).toStrictEqual(expected);
  });

  test("every member of a volume, with its type", async () => {
    const flags = { delete_on_termination: true, encrypted: true, no_device: false };
    const numbers = { boot_index: 1, volume_size: 2 };
    const texts = Object.fromEntries(
      [
        ...["destination_type", "device_name", "device_type", "disk_bus", "encryption_format"],
        ...["encryption_options", "encryption_secret_uuid", "guest_format", "image_id", "snapshot_id"],
        ...["source_type", "tag", "volume_id", "volume_type"],
      ].map((name) => [name, `the ${name}`]),
    );
    const volume = { ...flags, ...numbers, ...texts };
    const [documentedVolume] = JSON.parse(documented["1.3"].volumes as string) as [object];
    expect(Object.keys(volume).sort()).toEqual(Object.keys(documentedVolume).sort());
    const image = await show({ id: "one", name: "n", status: "active", volumes: JSON.stringify([volume]) });
    expect(image.volumes).toStrictEqual([renamed(volume, camel)]);
  });

  test("keys that mean something to JavaScript mean nothing", async () => {
    const poison =
      '"__proto__": {"polluted": true, "checksum": "x"}, "constructor": {"prototype": {"polluted": 1}}';
    const volumes = JSON.stringify(`[{${poison}, "tag": "t"}]`);
    const image = await show(
      `{"id": "one", "name": "n", "status": "active", ${poison}, "volumes": ${volumes}}`,
    );
    expect(Object.keys(image).sort()).toEqual(["id", "name", "status", "volumes"].sort());
    expect(image.volumes).toStrictEqual([{ tag: "t" }]);
    expect(image.checksum).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(
      imageFrom(JSON.parse('{"__proto__": {"id": "one", "name": "n", "status": "active"}}')),
    ).toBeUndefined();
  });
});

describe("the other operations, checked by what the emulator holds", () => {
  const given = () => ({ name: "golden", osDistro: "rocky", url: one() });

  test("create with everything that can be told", async () => {
    const created = await client().createImage({
      ...given(),
      containerFormat: "bare",
      diskFormat: "qcow2",
      minDisk: 20,
      minRam: 2,
      protected: true,
      visibility: "shared",
      tags: { team: "os images", 환경: "test" },
    });
    expect(created).toMatchObject({ name: "golden", status: "queued", minDisk: 20, protected: true });
    expect(emulator.images()).toMatchObject([
      {
        id: created.id,
        name: "golden",
        os_distro: "rocky",
        url: one(),
        min_disk: 20,
        min_ram: 2,
        protected: true,
        visibility: "shared",
        tags: [
          { key: "team", value: "os images" },
          { key: "환경", value: "test" },
        ],
      },
    ]);
  });

  test("create with the least: what is not told is not sent", async () => {
    server.reset({ body: JSON.stringify(documented["1.3"]) });
    await clientFor(server).createImage({ name: "n", osDistro: "alma", url: fileUrl, minDisk: undefined });
    expect(server.last).toMatchObject({ method: "POST", target: "/v1/images" });
    expect(JSON.parse(server.last.body)).toStrictEqual({ name: "n", os_distro: "alma", url: fileUrl });
  });

  test("update: the four that can change, and only those that are told", async () => {
    const { id } = await client().createImage({ ...given(), minDisk: 5 });
    await emulator.settled(id);
    const updated = await client().updateImage(id, { minRam: 3, protected: true, visibility: "shared" });
    expect(updated).toMatchObject({ minDisk: 5, minRam: 3, protected: true, visibility: "shared" });
    expect(emulator.images()).toMatchObject([
      { min_disk: 5, min_ram: 3, protected: true, visibility: "shared" },
    ]);
    await client().updateImage(id, { minDisk: 0, protected: false });
    expect(emulator.images()).toMatchObject([{ min_disk: 0, min_ram: 3, protected: false }]);
  });

  test("delete, of an active image and of a queued one; a second time it is not found", async () => {
    const { id } = await client().createImage(given());
    await emulator.settled(id);
    await expect(client().deleteImage(id)).resolves.toBeUndefined();
    expect(emulator.images()).toEqual([]);
    expect(isNotFound(await errorOf(client().deleteImage(id)))).toBe(true);
    emulator.options.importsBy = "import";
    const queued = await client().createImage(given());
    await client().deleteImage(queued.id);
    expect(emulator.images()).toEqual([]);
  });

  test("list: pages by marker until the last, every image once", async () => {
    for (let number = 1; number <= 7; number++) {
      await emulator.setImage(`image-${number}`, { name: number === 4 ? "four" : "other" });
    }
    const ids: string[] = [];
    for await (const { id } of client().pagesOfImages({ limit: 3, sort: "name:asc" })) ids.push(id);
    expect([...ids].sort()).toEqual(emulator.images().map(({ id }) => id));
    expect(ids[0]).toBe("image-4");
    // Only an empty page is the end: a service may cap its pages.
    expect(emulator.stats()).toEqual({ listImages: 4 });
    expect(await client().listImages({ name: "four", status: "active", osDistro: undefined })).toHaveLength(
      1,
    );
    expect(await client().listImages({ limit: 2, marker: ids[4], sort: "name:asc" })).toMatchObject(
      ids.slice(5).map((id) => ({ id })),
    );
  });

  test("list: a full last page is followed by an empty one; an endless one ends", async () => {
    for (const id of ["a", "b", "c", "d"]) await emulator.setImage(id, {});
    const ids: string[] = [];
    for await (const { id } of client().pagesOfImages({ limit: 2 })) ids.push(id);
    expect(ids.sort()).toEqual(["a", "b", "c", "d"]);
    expect(emulator.stats()).toEqual({ listImages: 3 });
    // A service that forgets the marker answers the same page for ever.
    server.reset({ body: JSON.stringify({ images: [{ id: "a", name: "n", status: "active" }] }) });
    const seen: string[] = [];
    for await (const { id } of clientFor(server).pagesOfImages({ limit: 1 })) seen.push(id);
    expect(seen.length).toBeLessThanOrEqual(2);
  });

  const page = (...ids: string[]) => ({
    body: JSON.stringify({ images: ids.map((id) => ({ id, name: "n", status: "active" })) }),
  });

  test("list: pages that go round end when they bring nothing new", async () => {
    server.reset((response, { target }) => {
      const marker = new URL(target, "http://service").searchParams.get("marker");
      response.end(page(marker === "a" ? "b" : "a").body);
    });
    const seen: string[] = [];
    for await (const { id } of clientFor(server).pagesOfImages({ limit: 1 })) {
      seen.push(id);
      if (seen.length > 5) break;
    }
    expect(seen).toEqual(["a", "b"]);
  });

  test("list: one that always goes on is an error, not a list", async () => {
    let next = 0;
    server.reset((response) => {
      response.end(page(`image-${next++}`).body);
    });
    const all = async (): Promise<void> => {
      for await (const { id } of clientFor(server).pagesOfImages({ limit: 1 })) {
        if (id === "image-1001") return;
      }
    };
    expect((await errorOf(all())).message).toContain("The list does not end after 1000 pages");
  });

  test("what an image says is fit to be shown, in its volumes too: no control characters, no megabytes", () => {
    const long = "x".repeat(2_000_000);
    const volumes = JSON.stringify([{ device_name: "\u001b[31m/dev/vda\u200f", tag: long }]);
    const image = imageFrom({ id: "a", name: `\u061c${long}`, status: long, url: long, volumes });
    expect(JSON.stringify(image).length).toBeLessThan(5_000);
    expect(image?.name).toMatch(/^x{1000} … \(cut short, 2000000 characters\)$/);
    expect(image?.volumes).toMatchObject([{ deviceName: "[31m/dev/vda" }]);
  });

  test("list: every parameter under the API's name", async () => {
    server.reset({ body: '{"images":[]}' });
    await clientFor(server).listImages({
      ...{ limit: 1, marker: "m", name: "n", osDistro: "o", status: "s", visibility: "v" },
      ...{ scpImageType: "t", scpOriginalImageType: "u", sort: "name:asc" },
    });
    expect(Object.fromEntries(new URL(server.last.target, server.url).searchParams)).toEqual({
      ...{ limit: "1", marker: "m", name: "n", os_distro: "o", status: "s", visibility: "v" },
      ...{ scp_image_type: "t", scp_original_image_type: "u", sort: "name:asc" },
    });
  });

  test.each(['{"images":{}}', '{"images":[{"id":"one"}]}', "[]", "{}"])(
    "no list of images: %s",
    async (body) => {
      server.reset({ body });
      expect(await errorOf(clientFor(server).listImages())).toMatchObject({ failure: "unexpected" });
    },
  );

  test("tags: set and told again, also more than a page of them, also of a GPU image", async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`key-${index}`, `${index}`]));
    await emulator.setImage("gpu", { scp_gpu_driver: "535" });
    await emulator.setImage("plain", {});
    for (const id of ["gpu", "plain"]) {
      const image = await client().showImage(id);
      expect(await client().tags.list(image)).toEqual({});
      await client().tags.set(image, many);
      expect(await client().tags.list(image)).toEqual(many);
      await client().tags.set(image, { only: "one" });
    }
    expect(emulator.images().map(({ tags }) => tags)).toEqual([
      [{ key: "only", value: "one" }],
      [{ key: "only", value: "one" }],
    ]);
    // The versions of other services are not ours to name.
    const versions = calls().filter(([operation]) => /Tags|Keys/.test(operation!));
    expect(versions.every(([, version]) => version === undefined)).toBe(true);
  });

  test("the account of the key pair is asked for once, but again after passing trouble", async () => {
    emulator.faults.add({ kind: "status", status: 403, operation: "listAccessKeys" });
    const refused = client();
    expect(await errorOf(refused.accountId())).toMatchObject({ failure: "forbidden" });
    expect(await errorOf(refused.accountId())).toMatchObject({ failure: "forbidden" });
    expect(emulator.stats()).toEqual({ listAccessKeys: 1 });

    await emulator.reset();
    emulator.faults.add({ kind: "status", status: 500, operation: "listAccessKeys", times: hasty.attempts! });
    const asking = client();
    expect(await errorOf(asking.accountId())).toMatchObject({ failure: "server" });
    const ids = await Promise.all([asking.accountId(), asking.accountId()]);
    expect(ids).toEqual([emulator.options.accountId, emulator.options.accountId]);
    expect(emulator.stats()).toEqual({ listAccessKeys: hasty.attempts! + 1 });
  });

  test.each(["", "..", "../servers", "a/b", "a?b", "a#b", "a b", "%2e%2e", "ä", "x".repeat(65)])(
    "what is no id never becomes a path: %j",
    async (id) => {
      server.reset({ body: "{}" });
      const calls = [
        clientFor(server).showImage(id),
        clientFor(server).importImage(id, fileUrl),
        clientFor(server).updateImage(id, {}),
        clientFor(server).deleteImage(id),
        clientFor(server).createServerImage(id, "golden"),
      ];
      for (const call of calls) expect(await errorOf(call)).toMatchObject({ failure: "invalid" });
      expect(server.requests).toEqual([]);
    },
  );
});
