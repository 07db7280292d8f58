import { runtime } from "@pulumi/pulumi";
import { checkProperties, withDefaults } from "../../provider/schema/check";
import { namesChanged, type Description, type Properties } from "../../provider/schema/description";
import { diffProperties } from "../../provider/schema/diff";
import { imageImport } from "../../provider/schema/image-import";
import { imageRecord } from "../../provider/schema/image-record";
import { parseDuration } from "../../provider/schema/kinds";
import { unknownValue } from "../../provider/schema/unknown";

const place = { region: "kr-west1", environment: "s" } as const;
const url =
  "https://object-store.kr-west1.s.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7:images/golden.qcow2";
const sound = { name: "golden", osDistro: "alma", url };

const problems = (change: Properties, description: Description = imageRecord, base: Properties = sound) =>
  checkProperties(description, { ...base, ...change }, { place }).map(
    ({ property, reason }) => `${property}: ${reason}`,
  );

test.each<[string, Properties]>([
  ["the least", {}],
  ["the longest name", { name: "n".repeat(255) }],
  ["every character that a name may have", { name: "az AZ-09_" }],
  ["sles", { osDistro: "sles" }],
  ["the path form of the documentation", { url: url.replace(":images", "/images") }],
  ["the private endpoint", { url: url.replace("object-store.", "object-store.private.") }],
  ["this machine's own storage", { url: "http://127.0.0.1:8080/acc:images/golden.qcow2" }],
  ["a host that is not known", { url: "https://storage.example/images/golden.qcow2" }],
  ["the longest url", { url: `https://storage.example/${"x".repeat(255 - 30)}.qcow2` }],
  ["the most memory", { minRam: 2_097_151 }],
  ["tags in Hangul", { tags: { 팀: "플랫폼", "a+b-c=d.e_f:g/h@i": "" } }],
  [
    "what is not known before the deployment",
    { name: runtime.unknownValue, url: runtime.unknownValue, minDisk: runtime.unknownValue },
  ],
  ["tags of which one is not known yet", { tags: { a: runtime.unknownValue } }],
  ["nothing in the place of a value", { minDisk: undefined, tags: null }],
])("%s is let through", (_what, change) => {
  expect(problems(change)).toEqual([]);
});

test.each<[string, Properties, string | RegExp]>([
  ["an empty name", { name: "" }, "name: name must be 1 to 255 characters"],
  ["too long a name", { name: "n".repeat(256) }, "name: name must be 1 to 255 characters"],
  [
    "a name with a dot",
    { name: "golden.1" },
    'name: name must be 1 to 255 characters out of letters, digits, space, "-" and "_".',
  ],
  ["a name that is a number", { name: 5 }, "name: name must be a text."],
  ["no name", { name: undefined }, "name: name is missing; it must be a text."],
  [
    "another system",
    { osDistro: "debian" },
    "osDistro: osDistro must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles.",
  ],
  ["another format", { diskFormat: "raw" }, 'diskFormat: diskFormat must be "qcow2".'],
  ["another container", { containerFormat: "ovf" }, 'containerFormat: containerFormat must be "bare".'],
  ["half a gigabyte", { minDisk: 0.5 }, "minDisk: minDisk must be a whole number, 0 or more."],
  ["a negative disk", { minDisk: -1 }, "minDisk: minDisk must be a whole number, 0 or more."],
  ["a disk as a text", { minDisk: "10" }, "minDisk: minDisk must be a whole number"],
  ["too much memory", { minRam: 2_097_152 }, "minRam: minRam must be a whole number, 0 to 2097151."],
  ["yes for true", { protected: "yes" }, "protected: protected must be true or false."],
  ["public", { visibility: "public" }, "visibility: visibility must be one of private, shared."],
  ["no url", { url: "golden.qcow2" }, "url: url must be an Object Storage URL like https://object-store."],
  ["plain http", { url: url.replace("https", "http") }, "url: url must begin with https://."],
  ["another ending", { url: url.replace("qcow2", "raw") }, 'url: url must end in ".qcow2", as SCP demands.'],
  [
    "a presigned url",
    { url: `${url}?X-Amz-Signature=1` },
    "url: url must have no query and no fragment (a presigned URL cannot be used",
  ],
  [
    "too long a url",
    { url: `https://storage.example/${"x".repeat(226)}.qcow2` },
    "url: url must be at most 255 characters; it has 256.",
  ],
  [
    "a password in the url",
    { url: "https://me:secret@storage.example/golden.qcow2" },
    "url: url must not hold a user name or password",
  ],
  [
    "another region",
    { url: url.replace("kr-west1", "kr-east1") },
    "url: url names Object Storage in region kr-east1, environment s, but the image is to be in region kr-west1, environment s",
  ],
  [
    "another environment",
    { url: url.replace(".s.", ".e.") },
    "url: url names Object Storage in region kr-west1, environment e",
  ],
  [
    "a region that there is not",
    { url: url.replace("kr-west1", "kr-wset1") },
    'url: url names no Object Storage that there is: region "kr-wset1" does not exist in environment "s"; it has kr-west1, kr-east1',
  ],
  ["tags as a list", { tags: ["a"] }, 'tags: tags must be a map of texts, like { team: "web" }'],
  [
    "a tag with a comma",
    { tags: { a: "b,c" } },
    'tags: tags has the value "b,c" at "a"; a value is a text of up to 256',
  ],
  ["a tag without a key", { tags: { "": "x" } }, 'tags: tags has the key ""'],
  ["no image's id", { imageId: "../x" }, "imageId: imageId must be an image's id, a UUID."],
  [
    "an unknown property",
    { minDisks: 3 },
    'minDisks: there is no property "minDisks"; there are name, osDistro, url',
  ],
])("%s is refused in a sentence", (_what, change, message) => {
  const all = problems(change);
  expect(all).toHaveLength(1);
  expect(all[0]).toEqual(expect.stringContaining(String(message)));
  expect(all[0]).not.toContain("secret@");
});

test("what is internal is not offered", () => {
  expect(problems({ minDisks: 3 })[0]).not.toMatch(/origin|token|settledByImport|replaceOnChanges/);
});

test("the import's own properties are checked alike", () => {
  const base = { imageId: "70a599e0-31e7-49b7-b260-868f441e862b", url };
  const of = (change: Properties) => problems(change, imageImport, base);
  expect(of({})).toEqual([]);
  expect(of({ timeouts: { create: "1h30m" } })).toEqual([]);
  expect(of({ timeouts: { create: "soon" } })).toEqual([
    'timeouts: timeouts create must be a duration like "45m", "2h" or "1h30m"; it is "soon".',
  ]);
  expect(of({ timeouts: { delete: "1h" } })).toEqual([
    'timeouts: timeouts has no "delete"; there is create.',
  ]);
  expect(of({ deleteImage: 1 })).toEqual(["deleteImage: deleteImage must be true or false."]);
});

describe("diff", () => {
  const olds = withDefaults(imageRecord, { ...sound, ...place });
  const diff = (change: Properties) =>
    diffProperties(imageRecord, { ...olds, owner: "x" }, { ...olds, ...change });

  test("nothing changed is no change, whatever else the outputs hold", () => {
    expect(diff({})).toEqual({ changes: false, replaces: [] });
    expect(diff({ replaceOnChanges: [] })).toEqual({ changes: false, replaces: [] });
  });

  test("no tags at all are more than none that are declared", () => {
    expect(diff({ tags: {} })).toEqual({ changes: true, replaces: [] });
    expect(diffProperties(imageRecord, { ...olds, tags: {} }, { ...olds, tags: {} }).changes).toBe(false);
  });

  const replacing = namesChanged(imageRecord, "replace");
  const updating = namesChanged(imageRecord, "update");
  test.each(replacing)("%s replaces", (property) => {
    expect(diff({ [property]: "other" })).toEqual({ changes: true, replaces: [property] });
    expect(diff({ [property]: runtime.unknownValue })).toEqual({ changes: true, replaces: [property] });
  });
  test.each(updating)("%s updates in place", (property) => {
    expect(diff({ [property]: "other" })).toEqual({ changes: true, replaces: [] });
  });
  test.each(updating)("%s replaces where replaceOnChanges says so", (property) => {
    for (const replaceOnChanges of [["*"], [property], [`${property}.deeper`]]) {
      expect(diff({ [property]: "other", replaceOnChanges }).replaces).toEqual([property]);
    }
    expect(diff({ [property]: "other", replaceOnChanges: ["name"] }).replaces).toEqual([]);
  });
  test("what SCP cannot change replaces; what is about us does nothing to the image", () => {
    expect(replacing).toEqual(expect.arrayContaining(["name", "osDistro", "url", "diskFormat", "region"]));
    expect(updating).toEqual(
      expect.arrayContaining(["minDisk", "minRam", "protected", "visibility", "tags"]),
    );
    const others = [...namesChanged(imageRecord, "setting"), ...namesChanged(imageRecord, "hint")];
    for (const setting of [...others, "timeouts", "deleteImage"]) {
      expect(diff({ [setting]: "other" }).replaces).toEqual([]);
    }
  });
});

test.each([
  ["45m", 2_700_000],
  ["1h30m", 5_400_000],
  ["90s", 90_000],
  ["1.5h", 5_400_000],
  ["", undefined],
  ["45", undefined],
  ["-1h", undefined],
  [45, undefined],
])("a duration of %p is %p milliseconds", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test("what is not known yet is written as Pulumi writes it", () => {
  expect(unknownValue).toBe(runtime.unknownValue);
});
