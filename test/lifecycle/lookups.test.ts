import { startEmulator, type Emulator } from "../../emulator";
import type { Image } from "../../provider/api/images";
import { systemClock } from "../../provider/lifecycle/clock";
import { createContext, type Location } from "../../provider/lifecycle/context";
import { listAll, type ListImages } from "../../provider/api/image-pages";
import { findImage, findImages, lookupFailures, type ImageQuery } from "../../provider/lifecycle/lookups";
import { imageFilters, imageLookup } from "../../provider/schema/image-lookup";

let cloud: Emulator;

beforeAll(async () => {
  cloud = await startEmulator();
});
beforeEach(() => cloud.reset());
afterAll(() => cloud.close());

/** A process of its own, which has asked for nothing yet. */
const location = (): Location =>
  createContext({ env: cloud.env, home: "/nonexistent" }, systemClock, {
    show: () => () => undefined,
  }).locate({});

const idOf = (number: number) => `0f5b9a3e-0000-4000-8000-${String(number).padStart(12, "0")}`;
const day = (number: number) => new Date(Date.UTC(2026, 0, number)).toISOString();

type Fields = Parameters<Emulator["setImage"]>[1];

async function put(number: number, fields: Fields = {}): Promise<string> {
  const id = idOf(number);
  await cloud.setImage(id, { name: "golden", os_distro: "alma", created_at: day(number), ...fields });
  return id;
}

const find = (query: ImageQuery) => findImage(query, location());
const ids = async (query: ImageQuery) => (await findImages(query, location())).map(({ id }) => id);

/** What the user would be told. */
const refusal = (query: ImageQuery) =>
  find(query).then(
    (image) => {
      throw new Error(`this found ${image.id}`);
    },
    (error: unknown) => (error as Error).message,
  );

describe("filters", () => {
  beforeEach(async () => {
    await put(1, {
      name: "ubuntu-22",
      os_distro: "ubuntu",
      visibility: "public",
      scp_image_type: "standard",
    });
    await put(2, {
      name: "ubuntu-24",
      os_distro: "ubuntu",
      visibility: "public",
      scp_image_type: "standard",
    });
    await put(3, { name: "mine", os_distro: "ubuntu", scp_original_image_type: "standard" });
    await put(4, { name: "queued", os_distro: "rocky", status: "queued" });
    await put(5, { name: "theirs", visibility: "public", owner: cloud.options.accounts[1]!.accountId });
    await put(6, { name: "open", visibility: "community" });
    await put(7, { name: "given", visibility: "shared" });
  });

  test.each<[ImageQuery, number[]]>([
    [{}, [7, 6, 5, 4, 3, 2, 1]],
    [{ name: "ubuntu-22" }, [1]],
    [{ name: "Ubuntu-22" }, []],
    [{ nameRegex: "^ubuntu-\\d+$" }, [2, 1]],
    [{ nameRegex: "e" }, [7, 6, 5, 4, 3]],
    [{ osDistro: "ubuntu" }, [3, 2, 1]],
    [{ status: "queued" }, [4]],
    [{ visibility: "public" }, [5, 2, 1]],
    [{ visibility: "community" }, [6]],
    [{ visibility: "shared" }, [7]],
    [{ scpImageType: "standard" }, [2, 1]],
    [{ scpOriginalImageType: "standard", osDistro: "ubuntu" }, [3]],
    [{ owner: "a8f10467abfc4b87b64614ab36eb9ae4" }, [5]],
  ])("%j finds the images that have it, the newest first", async (query, found) => {
    expect(await ids(query)).toEqual(found.map(idOf));
  });

  test("a service that does not know a filter, and tells all images, is not believed", async () => {
    cloud.faults.add({
      kind: "status",
      status: 200,
      body: JSON.stringify({
        images: cloud
          .images()
          .map(({ id, name, status, scp_image_type }) => ({ id, name, status, scp_image_type })),
      }),
      operation: "listImages",
      times: "always",
    });
    expect(await ids({ scpImageType: "standard" })).toEqual([idOf(2), idOf(1)]);
  });

  test("words in capitals are the same words", async () => {
    cloud.options.echo = "upper";
    expect(await ids({ osDistro: "ubuntu", name: "mine" })).toEqual([idOf(3)]);
    cloud.options.echo = "exact";
  });
});

describe("one image", () => {
  test("is the one of its id, in whatever status", async () => {
    await put(1, { status: "queued", name: "half" });
    expect(await find({ id: idOf(1) })).toMatchObject({ id: idOf(1), name: "half", status: "queued" });
    expect(await refusal({ id: idOf(2) })).toMatch(/^Show image .*: 404 not found/);
    expect(cloud.stats()).toEqual({ showImage: 2 });
  });

  test("is an active one, unless another status is asked for", async () => {
    await put(1);
    await put(2, { status: "importing" });
    expect((await find({ name: "golden" })).id).toBe(idOf(1));
    expect((await find({ name: "golden", mostRecent: true })).id).toBe(idOf(1));
    expect((await find({ name: "golden", status: "importing" })).id).toBe(idOf(2));
  });

  test("the newest is the one of the greatest time; of one second, of the greatest id; without a time, the last", async () => {
    for (const number of [1, 4, 3]) await put(number, { created_at: day(9) });
    await put(2, { created_at: day(8) });
    expect((await find({ mostRecent: true })).id).toBe(idOf(4));
    expect(await ids({})).toEqual([4, 3, 1, 2].map(idOf));
    // The list's own order is not relied on.
    const images = await location().client.listImages({ sort: "created_at:asc" });
    const client = { allImages: () => Promise.resolve(images) };
    const shuffled = { client } as unknown as Location;
    delete images.at(-1)!.createdAt;
    expect((await findImages({}, shuffled)).map(({ id }) => id)).toEqual([3, 1, 2, 4].map(idOf));
  });

  test("of several, an error tells which they are, up to ten, and the ways out", async () => {
    for (let number = 1; number <= 12; number += 1) await put(number);
    const text = await refusal({ name: "golden", osDistro: "alma" });
    expect(text).toMatch(/^12 images have name "golden", osDistro "alma", status "active": /);
    expect(text).toContain(`${idOf(12)} ("golden", active, created 2026-01-12T00:00:00`);
    expect(text.match(/created 2026/g)).toHaveLength(10);
    expect(text).not.toContain(idOf(2));
    expect(text).toContain(
      " and 2 more. Set mostRecent to take the newest, narrow the filters, or use the id",
    );
  });

  test("where there is none, an error tells what was asked, where, and what is near", async () => {
    await put(1, { name: "Golden_1" });
    await put(2, { name: "golden-1", status: "queued" });
    await put(3, { name: "golden-1", os_distro: "rocky" });
    await put(4, { name: "something else" });
    await put(5, { name: "golden-1", os_distro: "rocky", status: "queued" });
    expect(await refusal({ name: "golden-1", osDistro: "alma" })).toBe(
      'No image has name "golden-1", osDistro "alma", status "active" in region kr-west1, environment s. Near: ' +
        `${idOf(3)} ("golden-1", active, created 2026-01-03T00:00:00.000Z), whose osDistro is "rocky"; ` +
        `${idOf(2)} ("golden-1", queued, created 2026-01-02T00:00:00.000Z), whose status is "queued"; ` +
        `${idOf(1)} ("Golden_1", active, created 2026-01-01T00:00:00.000Z), whose name is "Golden_1".`,
    );
    expect(await refusal({ nameRegex: "^GOLDEN-" })).toContain(`Near: ${idOf(3)}`);
    expect(await refusal({ name: "none" })).toMatch(/environment s\.$/);
  });

  test("trouble in looking for what is near does not hide that there is none", async () => {
    cloud.faults.add({ kind: "status", status: 400, operation: "listImages", nth: 2, times: "always" });
    expect(await refusal({ name: "none" })).toMatch(/^No image has name "none"/);
  });

  test("what an image calls itself is shown without what a terminal obeys", async () => {
    await put(1, { name: 'a"\u001b[31mb' });
    await put(2, { name: 'a"\u001b[31mb' });
    const text = await refusal({});
    expect(text).not.toContain("\u001b");
  });
});

describe("arguments", () => {
  const failures = (args: Record<string, unknown>) =>
    lookupFailures(imageLookup, args).map(({ property, reason }) => [property, reason]);

  test.each([
    [{ name: "" }, "name", /must not be empty/],
    [{ name: 7 }, "name", /must be a text/],
    [{ nameRegex: "(" }, "nameRegex", /must be a regular expression: Invalid regular expression/],
    [{ nameRegex: "" }, "nameRegex", /must be a regular expression, as a text/],
    [{ osDistro: "debian" }, "osDistro", /must be one of alma, centos/],
    [{ status: "ready" }, "status", /must be one of queued, /],
    [{ visibility: "open" }, "visibility", /must be one of private, shared, public, community/],
    [{ mostRecent: "yes" }, "mostRecent", /must be true or false/],
    [{ id: "../x" }, "id", /must be/],
    [{ colour: "red" }, "colour", /there is no property "colour"; there are id, name, /],
    [{ id: idOf(1), name: "golden", owner: "x" }, "id", /leave name, owner out, or look up without id/],
  ])("%j is refused", (args, property, reason) => {
    expect(failures(args)).toEqual([[property, expect.stringMatching(reason)]]);
  });

  test("all that there is is taken; a list takes no id", () => {
    const filters = { name: "a", nameRegex: "a", osDistro: "alma", status: "active", visibility: "public" };
    const more = { scpImageType: "x", scpOriginalImageType: "y", owner: "z" };
    const place = { region: "kr-west1", environment: "s", profile: "audit" };
    expect(failures({ ...filters, ...more, ...place, mostRecent: true })).toEqual([]);
    expect(failures({ id: idOf(1), ...place })).toEqual([]);
    expect(lookupFailures(imageFilters, { id: idOf(1), mostRecent: true })).toHaveLength(2);
  });
});

describe("a list's pages", () => {
  const fill = async (count: number) => {
    for (let number = 1; number <= count; number += 1) await put(number);
  };
  const calls = () => cloud.stats().listImages;

  /** The same cloud with pages of at most so many, and what is done between them. */
  function capped(
    most: number,
    between: (page: number, images: Image[]) => Promise<unknown> = () => Promise.resolve(),
  ) {
    const { client } = location();
    let page = 0;
    return {
      async listImages(query: ListImages = {}) {
        const images = await client.listImages({ ...query, limit: Math.min(query.limit ?? 20, most) });
        await between((page += 1), images);
        return images;
      },
    };
  }

  test.each([
    [0, 1],
    [19, 1],
    // From here on it could be all that the service gives at once.
    [20, 2],
    [999, 2],
    [1000, 2],
    [1001, 2],
    [2500, 3],
  ])("%d images take %d calls", async (count, expected) => {
    await fill(count);
    expect(new Set(await ids({})).size).toBe(count);
    expect(calls()).toBe(expected);
  });

  test("what a service has once given at once it gives again: a shorter page is the last", async () => {
    await fill(300);
    const one = location();
    expect(await findImages({}, one)).toHaveLength(300);
    expect(calls()).toBe(2);
    await cloud.removeImage(idOf(7));
    expect(await findImages({}, one)).toHaveLength(299);
    expect(calls()).toBe(3);
  });

  const shortIsLast = { shortIsLast: true };

  test.each([
    [20, 60, 4],
    [100, 300, 4],
    [100, 350, 4],
    [500, 501, 2],
  ])("pages capped at %d: all of %d images, in %d calls", async (cap, count, expected) => {
    await fill(count);
    expect(await listAll({}, capped(cap), shortIsLast)).toHaveLength(count);
    expect(calls()).toBe(expected);
  });

  test("where an image's life hangs on it, only a page without anything new is the end", async () => {
    await fill(30);
    expect(await listAll({}, capped(20))).toHaveLength(30);
    expect(calls()).toBe(3);
  });

  test("a list whose marker is deleted meanwhile is read again from the beginning", async () => {
    await fill(100);
    const client = capped(40, (page, images) =>
      page === 1 ? cloud.removeImage(images.at(-1)!.id) : Promise.resolve(),
    );
    const found = await listAll({}, client, shortIsLast);
    expect(found).toHaveLength(99);
    expect(found.map(({ id }) => id).sort()).toEqual(
      cloud
        .images()
        .map(({ id }) => id)
        .sort(),
    );
  });

  test("one that is never there again ends with the service's own words", async () => {
    await fill(400);
    const client = capped(20, (_, images) => cloud.removeImage(images.at(-1)!.id));
    await expect(listAll({}, client, shortIsLast)).rejects.toThrow("is not an image");
    expect(calls()).toBe(10);
  });

  test("what is refused from the first is not tried again", async () => {
    cloud.faults.add({ kind: "status", status: 400, operation: "listImages", times: "always" });
    await expect(listAll({}, location().client, shortIsLast)).rejects.toThrow("List images: 400");
    expect(calls()).toBe(1);
  });

  test("a service that forgets the marker, and one that goes on for ever, come to an end", async () => {
    await fill(30);
    const page = await location().client.listImages({ limit: 30 });
    expect(await listAll({}, { listImages: () => Promise.resolve(page) }, shortIsLast)).toHaveLength(30);
    let next = 0;
    const another = () => page.map((image) => ({ ...image, id: `image-${(next += 1)}` }));
    await expect(listAll({}, { listImages: () => Promise.resolve(another()) }, shortIsLast)).rejects.toThrow(
      "The list does not end after 1000 pages",
    );
  });
});

test("of several images of one name, the error says that one may be on its way out, and what a program does about that", async () => {
  await put(1);
  await put(2);
  const way = "A program looks its own image up by its id, or with mostRecent: true.";
  const general = "An image that is replaced stays beside the new one until the end of a run.";
  expect(await refusal({ name: "golden" })).toMatch(
    new RegExp(`the one that is meant\\. ${general} ${way}$`),
  );
  const here = location();
  here.created.set(idOf(2), { tagged: false });
  await expect(findImage({ name: "golden" }, here)).rejects.toThrow(
    `${idOf(2)} was made in this run, and an image that it replaces stays until the run's end. ${way}`,
  );
  await put(2, { name: "other" });
  expect(await refusal({ osDistro: "alma" })).toMatch(/the one that is meant\.$/);
});

describe("names with signs that are not shown", () => {
  const odd = "gol\u200eden";

  beforeEach(async () => {
    await put(1);
    await put(2, { name: odd });
  });

  test("are other names than without them", async () => {
    expect(await ids({ name: "golden" })).toEqual([idOf(1)]);
    expect(await ids({ name: odd })).toEqual([idOf(2)]);
    expect((await find({ nameRegex: "^golden$", mostRecent: true })).id).toBe(idOf(1));
    expect((await find({ nameRegex: "\u200e" })).id).toBe(idOf(2));
  });

  test("are told as what they are, and are in no answer", async () => {
    await cloud.removeImage(idOf(1));
    for (const query of [{ name: "golden" }, { name: "gol\u200fden" }]) {
      const text = await refusal(query);
      expect(text).toContain(`Near: ${idOf(2)} ("gol\\u200eden", active`);
      expect(text).not.toMatch(/[\u200e\u200f]/);
    }
    const image = await find({ name: odd });
    expect(image.name).toBe("golden");
    expect(JSON.stringify(image)).not.toContain("\u200e");
  });
});
