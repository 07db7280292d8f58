import { join } from "node:path";
import { documentationOf } from "./hover";
import { Project, Tarball } from "./project";

let tarball: Tarball;
let project: Project;

beforeAll(() => {
  tarball = new Tarball();
  project = new Project(tarball, ["@types"]);
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

/** What programs are written with. The wire's own objects, which the emulator hands out too, are described where the API is. */
const types = {
  provider: [
    "Image",
    "ImageArgs",
    "ImageSource",
    "ImageImport",
    "ImageRecord",
    "ServerImage",
    "ServerImageArgs",
    "Timeouts",
    "ImageVolume",
  ],
  testing: ["Emulator", "EmulatorOptions", "EmulatorSettings", "Unkindness", "Stack", "StackOptions"],
};

test.each(Object.entries(types))(
  "an editor has words for each property of what %s exports",
  (module, names) => {
    const dist = join(project.folder, "node_modules/pulumi-scp-images/dist");
    const texts = documentationOf(join(dist, module, "index.d.ts"));
    const without = names.flatMap((name) => {
      const properties = Object.entries(texts.get(name) ?? {});
      expect([name, properties.length > 0]).toEqual([name, true]);
      return properties.flatMap(([property, text]) => (text === "" ? [`${name}.${property}`] : []));
    });
    expect(without).toEqual([]);
  },
);

test("at an Image, an editor shows what the descriptions say", () => {
  const dist = join(project.folder, "node_modules/pulumi-scp-images/dist");
  const texts = documentationOf(join(dist, "provider/index.d.ts"));
  const image = texts.get("Image");
  expect(image).toMatchObject({
    id: "The image's id.",
    minDisk: "Smallest disk, in GB, that a server needs for the image.",
    checksum: "MD5 of the file, in hexadecimal.",
  });
  expect(texts.get("ServerImage")).toMatchObject({
    minRam: expect.stringContaining("Least memory that a server needs") as string,
    minDisk:
      "Smallest disk, in GB, that a server needs for the image: that of the server that it was made from.",
    createdAt: "When the image was made: ISO 8601, UTC.",
  });
  expect(texts.get("ImageArgs")?.source).toContain("A file on this machine to make the image of");
  expect(Object.keys(image ?? {})).not.toContain("getProvider");
});
