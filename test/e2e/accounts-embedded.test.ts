import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as ts from "typescript";
import { Image } from "pulumi-scp-images";
import { createStack } from "../../engine";
import { startEmulator, type Emulator } from "../../emulator";
import { cleanEnv } from "../../tools/run/cli";
import { qcow2 } from "../emulator/testing";
import { accountsSuite } from "./accounts-suite";
import { openEmbedded } from "./stack";

describe("on the embedded engine", () => {
  accountsSuite(openEmbedded, 60_000);
});

let cloud: Emulator;

beforeEach(async () => {
  cloud = await startEmulator();
  for (const { accountId } of cloud.options.accounts) {
    await cloud.putObject("images", "golden.qcow2", qcow2(), "public-read", accountId);
  }
});
afterEach(() => cloud.close());

/** The emulator's environment without keys: configuration has them. */
const withoutKeys = () =>
  cleanEnv(Object.fromEntries(Object.entries(cloud.env).filter(([name]) => !name.endsWith("_KEY"))));

test("the program of the documentation works, with the keys of both accounts in secret configuration", async () => {
  const page = readFileSync(join(__dirname, "../../docs/settings.md"), "utf8");
  const [, code = ""] = /```ts\n([^]*?)```/.exec(page) ?? [];
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const program = () => {
    const exported: Record<string, unknown> = {};
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- it is the page's own program
    const run = new Function("exports", "require", outputText) as (...names: unknown[]) => void;
    run(exported, require);
    return Promise.resolve(exported);
  };
  const [main, second] = cloud.options.accounts;
  const url = (accountId?: string) => cloud.objectUrl("images", "golden.qcow2", accountId);
  const { accessKey, secretKey, accountId } = second!;
  const stack = createStack({
    program,
    project: "accounts",
    env: withoutKeys(),
    config: {
      "scp:accessKey": { secret: main.accessKey },
      "scp:secretKey": { secret: main.secretKey },
      "scp:profiles": { secret: JSON.stringify({ audit: { accessKey, secretKey, accountId } }) },
      url: url(),
      auditUrl: url(accountId),
    },
  });
  const { outputs } = await stack.up();
  const owned = (owner: string) => cloud.images().find((image) => image.owner === owner)?.id;
  expect(outputs.imageIds).toEqual({ own: owned(main.accountId), audit: owned(accountId) });
  await stack.preview({ expectNoChanges: true });
  const state = JSON.stringify(await stack.state());
  for (const secret of [main.secretKey, secretKey, main.accessKey, accessKey]) {
    expect(state).not.toContain(secret);
  }
  await stack.destroy();
  expect(cloud.images()).toEqual([]);
  await stack.close();
}, 60_000);

test("a profile that is not known in preview yet is no replacement, and nothing is asked with any keys", async () => {
  const accountId = cloud.options.accounts[1]!.accountId;
  const url = cloud.objectUrl("images", "golden.qcow2", accountId);
  const golden = (name: string, profile: pulumi.Input<string>) =>
    new Image(name, { name, osDistro: "alma", url, profile });
  const stack = createStack({ project: "accounts", env: cleanEnv(cloud.env) });
  await stack.up({ program: () => Promise.resolve({ id: golden("first", "second").id }) });
  const before = { images: cloud.images().map(({ id }) => id), calls: cloud.requests().length };
  const program = () => {
    const other = golden("other", "second");
    const profile = other.id.apply(() => "second");
    return Promise.resolve({ ids: [golden("first", profile).id, golden("third", profile).id] });
  };
  const preview = await stack.preview({ program });
  expect(preview.steps.filter(({ op }) => /replace|delete/.test(op))).toEqual([]);
  const asked = cloud
    .requests()
    .slice(before.calls)
    .map(({ operation }) => operation);
  expect(new Set(asked)).toEqual(new Set(["listAccessKeys"])); // Of the image whose profile is known.
  await stack.up({ program });
  expect(cloud.images().map(({ owner }) => owner)).toEqual([accountId, accountId, accountId]);
  expect(cloud.images().map(({ id }) => id)).toEqual(expect.arrayContaining(before.images));
  await stack.destroy();
  await stack.close();
}, 60_000);
