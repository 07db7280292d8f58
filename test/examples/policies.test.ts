import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ResourceValidationArgs } from "@pulumi/policy";
import {
  Image,
  ImageImport,
  ImageMember,
  ImageMemberAcceptance,
  ImagePin,
  ImagePipeline,
  ImageRecord,
  ServerImage,
  ServerImageRecord,
} from "pulumi-scp-images";
import { startEmulator } from "../../emulator";
import { policies } from "../../examples/policies/policies";
import { cleanEnv, findPulumi, pulumiEnv, run } from "../../tools/run/cli";

const repository = join(__dirname, "../..");

describe("what a policy pack knows resources by", () => {
  test.each([
    ["scp:index:Image", Image],
    ["pulumi-nodejs:dynamic/scp:ImageRecord", ImageRecord],
    ["pulumi-nodejs:dynamic/scp:ImageImport", ImageImport],
    ["pulumi-nodejs:dynamic/scp:ImageMember", ImageMember],
    ["pulumi-nodejs:dynamic/scp:ImageMemberAcceptance", ImageMemberAcceptance],
    ["pulumi-nodejs:dynamic/scp:ImagePin", ImagePin],
    ["scp:index:ServerImage", ServerImage],
    ["pulumi-nodejs:dynamic/scp:ServerImageRecord", ServerImageRecord],
    ["scp:index:ImagePipeline", ImagePipeline],
  ])("%s is of one class alone", (__pulumiType, itsClass) => {
    const classes = [
      ...[Image, ImageRecord, ImageImport, ImageMember, ImageMemberAcceptance, ImagePin],
      ...[ServerImage, ServerImageRecord, ImagePipeline],
    ];
    expect(classes.filter((one) => one.isInstance({ __pulumiType }))).toEqual([itsClass]);
    expect(classes.filter((one) => one.isInstance(undefined))).toEqual([]);
  });
});

describe("the sample pack", () => {
  const notApplicable = new Error("not of this type");
  const good = {
    name: "golden",
    url: "https://object-store.kr-west1.e.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7:images/golden.qcow2",
    protected: true,
    visibility: "private",
  };

  /** What the pack says of a record, with its own defaults, as Pulumi's policy server asks it. */
  function violations(props: object, stack = "production", record = "ImageRecord"): string[] {
    const said: string[] = [];
    const type = `pulumi-nodejs:dynamic/scp:${record}`;
    for (const { configSchema, validateResource } of policies) {
      const properties = configSchema?.properties ?? {};
      const config = Object.fromEntries(
        Object.entries(properties).map(([name, schema]) => [
          name,
          typeof schema === "object" ? schema.default : undefined,
        ]),
      );
      const args = {
        type,
        props: { ...good, ...props },
        urn: `urn:pulumi:${stack}::project::scp:index:Image$${type}::golden`,
        isType: (one: { isInstance: (value: unknown) => boolean }) => one.isInstance({ __pulumiType: type }),
        getConfig: () => config,
        notApplicable: () => {
          throw notApplicable;
        },
      } as unknown as ResourceValidationArgs;
      for (const validate of [validateResource ?? []].flat()) {
        try {
          void validate(args, (violation) => said.push(typeof violation === "string" ? violation : "?"));
        } catch (error) {
          expect(error).toBe(notApplicable);
        }
      }
    }
    return said;
  }

  test.each<[string, object, string, string[]]>([
    ["nothing is wrong", {}, "production", []],
    ["nothing is asked of other stacks' protection", { protected: false }, "test", []],
    [
      "unprotected",
      { protected: false },
      "production",
      ['Image "golden" is in production: set protected to true.'],
    ],
    [
      "shared, and nobody said so",
      { visibility: "shared" },
      "production",
      ['Image "golden" is shared: it needs the tags shared-by.'],
    ],
    ["shared, with a tag", { visibility: "shared", tags: { "shared-by": "platform" } }, "production", []],
    [
      "another bucket, in the one form",
      { url: good.url.replace(":images/", ":downloads/") },
      "production",
      ['Image "golden" is made of a file in the bucket "downloads"; allowed are images.'],
    ],
    [
      "another bucket, in the other",
      { url: good.url.replace(":images/", "/downloads/") },
      "production",
      ['Image "golden" is made of a file in the bucket "downloads"; allowed are images.'],
    ],
    [
      "the same bucket, in the other form",
      { url: good.url.replace(":images/", "/images/") },
      "production",
      [],
    ],
  ])("%s", (_what, props, stack, expected) => {
    expect(violations(props, stack)).toEqual(expected);
  });

  test("an image of a server is one too", () => {
    const said = violations(
      { url: undefined, protected: false, visibility: "shared" },
      "production",
      "ServerImageRecord",
    );
    expect(said).toEqual([
      'Image "golden" is in production: set protected to true.',
      'Image "golden" is shared: it needs the tags shared-by.',
    ]);
  });

  const cli = findPulumi();
  (cli === undefined ? test.skip : test)(
    "on the Pulumi CLI, nothing is made that it forbids",
    async () => {
      const parent = join(repository, ".local", "tests");
      mkdirSync(parent, { recursive: true });
      const cwd = mkdtempSync(join(parent, "policies-"));
      const cloud = await startEmulator();
      try {
        await cloud.putObject(
          "images",
          "golden.qcow2",
          readFileSync(join(repository, "examples/images/example.qcow2")),
        );
        writeFileSync(
          join(cwd, "Pulumi.yaml"),
          "name: policies\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
        );
        const program = (more: object) => {
          const args = { name: "golden", osDistro: "alma", url: cloud.objectUrl("images", "golden.qcow2") };
          const text = JSON.stringify({ ...args, ...more });
          writeFileSync(
            join(cwd, "index.js"),
            `const { Image } = require("pulumi-scp-images"); new Image("golden", ${text});`,
          );
        };
        mkdirSync(join(cwd, "backend"));
        const env = pulumiEnv(String(cli), join(cwd, "backend"), cleanEnv(cloud.env));
        const pulumi = (...args: string[]) => run(String(cli), [...args, "--non-interactive"], { cwd, env });
        await pulumi("stack", "init", "production");
        const up = () =>
          pulumi("up", "--yes", "--skip-preview", "--policy-pack", join(repository, "examples/policies"));

        program({ visibility: "shared" });
        const refused = await up();
        expect(refused.stdout).toContain('Image "golden" is in production: set protected to true.');
        expect(refused.stdout).toContain('Image "golden" is shared: it needs the tags shared-by.');
        expect(refused.code).not.toBe(0);
        expect(cloud.images()).toEqual([]);

        program({ protected: true, visibility: "shared", tags: { "shared-by": "platform" } });
        const taken = await up();
        expect([taken.code, taken.stderr]).toEqual([0, ""]);
        expect(cloud.images()).toMatchObject([{ name: "golden", status: "active", protected: true }]);
      } finally {
        await cloud.close();
        rmSync(cwd, { recursive: true });
      }
    },
    180_000,
  );
});
