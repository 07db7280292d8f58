import { existsSync, readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import { createStack, DeploymentError, type Result, type Stack, type StackOptions } from "../../engine";
import { Box, Cloud, Thing, type ThingArgs } from "./fixtures/cloud";

// The first deployment starts the provider's process, and waits for it.
jest.setTimeout(30_000);

let cloud: Cloud;

beforeEach(() => {
  cloud = new Cloud();
});

afterEach(() => {
  cloud.remove();
});

function newStack(options: StackOptions = {}): Stack {
  return createStack({ env: cloud.env, ...options });
}

type Program = NonNullable<StackOptions["program"]>;

/** A program of a few lines, without the promise around it. */
const program =
  (body: () => Record<string, unknown> | undefined): Program =>
  () =>
    Promise.resolve().then(body);

const things = (all: Record<string, ThingArgs>, options: pulumi.CustomResourceOptions = {}): Program =>
  program(() => {
    const made = Object.entries(all).map(([name, args]) => [name, new Thing(name, args, options).serial]);
    return Object.fromEntries(made) as Record<string, unknown>;
  });

async function failure(operation: Promise<Result>): Promise<DeploymentError> {
  const error: unknown = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DeploymentError)) throw new Error(`no failed deployment: ${String(error)}`);
  return error;
}

const pair = (value: string, zone = "z", dbr = false): Program =>
  program(() => {
    const a = new Thing("a", { value, zone, dbr });
    return { b: new Thing("b", { value: a.serial }).serial };
  });

describe("the lifecycle", () => {
  test("creates what is new, in the order of dependencies", async () => {
    const result = await newStack().up({ program: pair("1") });
    expect(result.outputs).toEqual({ b: "b/a/1" });
    expect(result.summary).toEqual({ create: 3 });
    expect(cloud.brief()).toEqual(["check a", "create a", "check b", "create b"]);
    expect(cloud.things["b-1"]).toEqual({ name: "b", value: "a/1", serial: "b/a/1" });
  });

  test("changes nothing when nothing has changed", async () => {
    const stack = newStack({ program: pair("1") });
    await stack.up();
    cloud.calls();
    const result = await stack.up({ expectNoChanges: true });
    expect(result.summary).toEqual({ same: 3 });
    expect(cloud.brief()).toEqual(["check a", "diff a", "check b", "diff b"]);
  });

  test("updates in place, and hands the new outputs on", async () => {
    const stack = newStack();
    await stack.up({ program: pair("1") });
    cloud.calls();
    const result = await stack.up({ program: pair("2") });
    expect(result.outputs).toEqual({ b: "b/a/2" });
    expect(cloud.brief()).toEqual(["check a", "diff a", "update a", "check b", "diff b", "update b"]);
  });

  test("replaces: checks again with nothing known, creates, deletes the old one last", async () => {
    const stack = newStack();
    await stack.up({ program: pair("1", "z1") });
    cloud.calls();
    const result = await stack.up({ program: pair("1", "z2") });
    expect(result.summary).toEqual({ same: 2, replace: 1 });
    const calls = cloud.calls();
    expect(calls.map(({ call, name }) => `${call} ${name}`)).toEqual([
      ...["check a", "diff a", "check a", "create a", "check b", "diff b", "delete a"],
    ]);
    expect(calls[2]).toMatchObject({ olds: {}, news: { zone: "z2" } });
    expect(calls.at(-1)).toMatchObject({ id: "a-1" });
  });

  test("replaces with the old one deleted first, and takes along who depends on it", async () => {
    const both = (zone: string): Program =>
      program(() => {
        const a = new Thing("a", { zone, dbr: true });
        new Thing("b", { zone: a.serial });
        return undefined;
      });
    const stack = newStack();
    await stack.up({ program: both("z1") });
    cloud.calls();
    await stack.up({ program: both("z2") });
    expect(cloud.brief()).toEqual([
      ...["check a", "diff a", "check a", "diff b", "delete b", "delete a", "create a"],
      ...["check b", "create b"],
    ]);
    await stack.up({ program: both("z2"), expectNoChanges: true });
  });

  test("deletes what the program no longer has, dependents first", async () => {
    const stack = newStack();
    await stack.up({ program: pair("1") });
    cloud.calls();
    await stack.up({ program: things({}) });
    expect(cloud.brief()).toEqual(["delete b", "delete a"]);
    expect(cloud.things).toEqual({});
  });

  test("destroy leaves nothing", async () => {
    const stack = newStack({ program: pair("1") });
    await stack.up();
    expect((await stack.destroy()).summary).toEqual({ delete: 3 });
    expect(cloud.things).toEqual({});
    expect((await stack.state()).deployment.resources).toEqual([]);
  });

  test("a preview touches nothing, and knows what it cannot know", async () => {
    const stack = newStack();
    await stack.up({ program: pair("1") });
    cloud.calls();
    const before = await stack.state();
    let seen: unknown;
    const next = program(() => {
      const a = new Thing("a", { value: "2", zone: "z", dbr: false });
      const c = new Thing("c", { value: "1" });
      c.serial.apply((serial) => (seen = serial));
      return { b: new Thing("b", { value: a.serial }).serial };
    });
    const result = await stack.preview({ program: next });
    expect(result.summary).toEqual({ same: 1, update: 2, create: 1 });
    expect(seen).toBeUndefined();
    expect(cloud.brief().filter((call) => !/^(check|diff)/.test(call))).toEqual([]);
    expect((await stack.state()).deployment.resources).toEqual(before.deployment.resources);
  });

  test("refresh finds what was changed and what has gone; the next up mends it", async () => {
    const stack = newStack({ program: things({ a: { value: "1" }, b: {}, c: {} }) });
    await stack.up();
    cloud.tamper("a-1", { value: "other" });
    cloud.vanish("b-1");
    const seen = await stack.refresh();
    expect(seen.summary).toEqual({ same: 2, update: 1, delete: 1 });
    expect((await failure(stack.preview({ expectNoChanges: true }))).message).toMatch(
      /no changes were expected/,
    );
    const mended = await stack.up();
    expect(mended.summary).toEqual({ same: 2, update: 1, create: 1 });
    expect(cloud.things["a-1"]).toMatchObject({ value: "1" });
    await stack.up({ refresh: true, expectNoChanges: true });
  });

  test("get reads, and never deletes", async () => {
    const stack = newStack();
    await stack.up({ program: things({ a: { value: "1" } }) });
    const other = newStack({
      program: program(() => ({ found: Thing.get("seen", "a-1").serial })),
    });
    expect((await other.up()).outputs).toEqual({ found: "a/1" });
    await other.destroy();
    expect(Object.keys(cloud.things)).toEqual(["a-1"]);
  });

  test("operations on one stack wait for each other", async () => {
    const stack = newStack({ program: things({ a: {} }) });
    const results = await Promise.all([stack.up(), stack.up(), stack.destroy()]);
    expect(results.map(({ summary }) => summary)).toEqual([{ create: 2 }, { same: 2 }, { delete: 2 }]);
  });
});

describe("resource options", () => {
  test("protect refuses to delete and to replace", async () => {
    const stack = newStack();
    await stack.up({ program: things({ a: { zone: "z1" } }, { protect: true }) });
    const replaced = await failure(stack.up({ program: things({ a: { zone: "z2" } }, { protect: true }) }));
    expect(replaced.message).toMatch(
      /unable to replace resource .*\nas it is currently marked for protection/,
    );
    expect((await failure(stack.destroy())).message).toMatch(/because it is protected/);
    expect(Object.keys(cloud.things)).toEqual(["a-1"]);
    await stack.up({ program: things({ a: { zone: "z1" } }) });
    await stack.destroy();
    expect(cloud.things).toEqual({});
  });

  test("children inherit protect and retainOnDelete", async () => {
    const stack = newStack();
    const inside = program(() => {
      const box = new Box("box", { protect: true }).finish({});
      new Thing("a", {}, { parent: box });
      return undefined;
    });
    await stack.up({ program: inside });
    expect((await failure(stack.destroy())).message).toMatch(/a: resource .* cannot be deleted/);
  });

  test("retainOnDelete leaves it in the cloud", async () => {
    const stack = newStack({ program: things({ a: {} }, { retainOnDelete: true }) });
    await stack.up();
    await stack.destroy();
    expect(Object.keys(cloud.things)).toEqual(["a-1"]);
  });

  test("deletedWith spares the call", async () => {
    const stack = newStack({
      program: program(() => {
        const a = new Thing("a");
        new Thing("b", {}, { deletedWith: a });
        return undefined;
      }),
    });
    await stack.up();
    cloud.calls();
    await stack.destroy();
    expect(cloud.brief()).toEqual(["delete a"]);
  });

  test("ignoreChanges keeps the old value, at any depth", async () => {
    const ignoring = (value: string, list: string[]): Program =>
      things({ a: { value, list } }, { ignoreChanges: ["value", "list[1]"] });
    const stack = newStack();
    await stack.up({ program: ignoring("1", ["x", "y"]) });
    await stack.up({ program: ignoring("2", ["x", "z"]), expectNoChanges: true });
    await stack.up({ program: ignoring("3", ["w", "z"]) });
    expect(cloud.things["a-1"]).toMatchObject({ value: "1", list: ["w", "y"] });
  });

  test("replaceOnChanges and replace replace what would not be", async () => {
    const stack = newStack({ program: things({ a: {} }) });
    await stack.up();
    const { deployment } = await stack.state();
    const urn = deployment.resources?.find(({ id }) => id === "a-1")?.urn ?? "";
    expect((await stack.up({ replace: [urn] })).summary).toEqual({ same: 1, replace: 1 });
    expect(Object.keys(cloud.things)).toEqual(["a-2"]);
  });

  test("aliases rename, also what is inside", async () => {
    const boxed = (name: string, aliases: pulumi.Alias[] = []): Program =>
      program(() => {
        const box = new Box(name, { aliases }).finish({});
        new Thing(`${name}-a`, { name: "a" }, { parent: box });
        return undefined;
      });
    const stack = newStack();
    await stack.up({ program: boxed("old") });
    const renamed = boxed("new", [{ name: "old" }]);
    await stack.up({ program: renamed, expectNoChanges: true });
    const { deployment } = await stack.state();
    expect(JSON.stringify(deployment)).not.toContain("::old");
    await stack.up({ program: boxed("new"), expectNoChanges: true });
    expect(Object.keys(cloud.things)).toEqual(["a-1"]);
  });
});

describe("failures", () => {
  test("a failed creation leaves no resource, and stops what would come after", async () => {
    const stack = newStack({ program: pair("1") });
    cloud.fail("create", "a");
    const error = await failure(stack.up());
    expect(error.message).toBe("up failed\na: create of a refused");
    expect(error.result.steps.map(({ op, name }) => `${op} ${name}`)).toEqual(["create project-dev"]);
    expect(cloud.things).toEqual({});
    await stack.up();
    expect(cloud.brief().at(-1)).toBe("create b");
  });

  test("a resource that is made but not ready is kept, and updated next time", async () => {
    const stack = newStack({ program: things({ a: { value: "1" } }) });
    cloud.fail("create", "a", "init");
    expect((await failure(stack.up())).message).toMatch(/a: not ready yet/);
    const { deployment } = await stack.state();
    expect(deployment.resources?.find(({ id }) => id === "a-1")).toMatchObject({
      initErrors: ["not ready yet"],
    });
    cloud.calls();
    expect((await stack.up()).summary).toEqual({ same: 1, update: 1 });
    expect(cloud.brief()).toEqual(["check a", "diff a", "update a"]);
    await stack.up({ expectNoChanges: true });
  });

  test("a failed update is tried again", async () => {
    const stack = newStack();
    await stack.up({ program: pair("1") });
    for (const kind of [undefined, "init"] as const) {
      cloud.fail("update", "a", kind);
      await failure(stack.up({ program: pair("2") }));
    }
    expect((await stack.up({ program: pair("2") })).summary).toEqual({ same: 1, update: 2 });
  });

  test("a failed deletion keeps the resource, and what it needs", async () => {
    const stack = newStack({ program: pair("1") });
    await stack.up();
    cloud.fail("delete", "b");
    await failure(stack.destroy());
    expect(Object.keys(cloud.things)).toEqual(["a-1", "b-1"]);
    await stack.destroy();
    expect(cloud.things).toEqual({});
  });

  test("a replacement whose deletion failed is finished next time", async () => {
    const stack = newStack();
    await stack.up({ program: pair("1", "z1") });
    cloud.fail("delete", "a");
    await failure(stack.up({ program: pair("1", "z2") }));
    expect(Object.keys(cloud.things)).toEqual(["a-1", "b-1", "a-2"]);
    await stack.up({ program: pair("1", "z2") });
    expect(Object.keys(cloud.things)).toEqual(["b-1", "a-2"]);
  });

  test("a protected resource does not keep others from being destroyed", async () => {
    const stack = newStack({
      program: program(() => {
        const a = new Thing("a");
        new Thing("b", { value: a.serial }, { protect: true });
        new Thing("c");
        return undefined;
      }),
    });
    await stack.up();
    await failure(stack.destroy());
    expect(Object.keys(cloud.things).sort()).toEqual(["a-1", "b-1"]);
  });

  test("check's failures are said before anything is done, in a preview too", async () => {
    const stack = newStack({ program: things({ a: { value: "bad" } }) });
    for (const operation of [stack.preview(), stack.up()]) {
      expect((await failure(operation)).message).toMatch(/a: .*property value .*has a problem: is bad/);
    }
    expect(cloud.things).toEqual({});
  });

  test("a program that throws deletes nothing", async () => {
    const stack = newStack({ program: pair("1") });
    await stack.up();
    const broken = program(() => {
      throw new Error("broken program");
    });
    expect((await failure(stack.up({ program: broken }))).message).toMatch(/broken program/);
    expect(Object.keys(cloud.things)).toEqual(["a-1", "b-1"]);
    expect(await stack.outputs()).toEqual({ b: "b/a/1" });
  });

  test("a program that throws while its resources are on their way leaves no rejection behind", async () => {
    const stack = newStack({
      program: () => {
        new Thing("b", { value: new Thing("a", { value: "1" }).serial });
        return Promise.reject(new Error("broken program"));
      },
    });
    // Under jest the process that modules see is a copy, on which no such event arrives.
    const real = runInThisContext("process") as NodeJS.Process;
    const stray: unknown[] = [];
    const note = (error: unknown) => stray.push(error);
    const others = real.rawListeners("unhandledRejection") as NodeJS.UnhandledRejectionListener[];
    real.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
    try {
      for (let run = 0; run < 5; run += 1) {
        expect((await failure(stack.preview())).message).toMatch(/broken program/);
      }
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    } finally {
      real.off("unhandledRejection", note);
      others.forEach((other) => real.on("unhandledRejection", other));
    }
    expect(stray).toEqual([]);
  });

  test("cancelled, it lets running operations end and begins no other", async () => {
    const stack: Stack = newStack({
      program: pair("1"),
      onEvent: (event) => {
        if (event.kind === "step-begin" && event.step.name === "a") stack.cancel();
      },
    });
    expect((await failure(stack.up())).message).toBe("up failed\ncanceled");
    expect(Object.keys(cloud.things)).toEqual(["a-1"]);
    expect((await stack.state()).deployment.resources?.map(({ id }) => id)).toContain("a-1");
  });

  test("two resources of one name are refused", async () => {
    const twice = program(() => {
      new Thing("a");
      new Thing("a");
      return undefined;
    });
    expect((await failure(newStack().up({ program: twice }))).message).toMatch(/Duplicate resource URN/);
  });
});

describe("the state", () => {
  test("is on disk before the call goes out, and after it", async () => {
    const stateFile = cloud.file("state.json");
    const stack = newStack({
      program: things({ a: {} }),
      stateFile,
      env: { ...cloud.env, THING_STATE: stateFile },
    });
    await stack.up();
    expect(cloud.calls().find(({ call }) => call === "create")).toMatchObject({ pending: ["creating a"] });
    const stored = JSON.parse(readFileSync(stateFile, "utf8")) as { deployment: object };
    expect(stored).not.toHaveProperty("deployment.pending_operations");
    expect(existsSync(`${stateFile}.new`)).toBe(false);
    await newStack({ stateFile, program: things({ a: {} }) }).up({ expectNoChanges: true });
  });

  test("remembers the creations of a run that was killed", async () => {
    const stack = newStack({ program: things({ a: {} }) });
    await stack.up();
    const document = await stack.state();
    const { resources = [] } = document.deployment;
    const a = resources.find(({ id }) => id === "a-1");
    document.deployment.resources = resources.filter((resource) => resource !== a);
    if (a) document.deployment.pending_operations = [{ resource: a, type: "creating" }];
    await stack.importState(document);
    const result = await stack.up();
    expect(result.diagnostics[0]).toMatchObject({ severity: "warning" });
    expect(result.diagnostics[0]?.message).toMatch(
      /1 pending operation.*\n.*::a, interrupted while creating/,
    );
    expect(Object.keys(cloud.things)).toEqual(["a-1", "a-2"]);
    expect((await stack.state()).deployment.pending_operations).toHaveLength(1);
    await stack.refresh({ clearPendingCreates: true });
    expect((await stack.state()).deployment.pending_operations).toBeUndefined();
  });

  test("hides secrets: of the configuration, of inputs, and of outputs that are declared so", async () => {
    const options = { config: { "test:password": { secret: "hunter2" } }, passphrase: "phrase" };
    const secretive = program(() => {
      const password = new pulumi.Config("test").requireSecret("password");
      const a = new Thing("a", { secret: password }, { additionalSecretOutputs: ["serial"] });
      return { password, serial: a.serial, open: a.value };
    });
    const stack = newStack({ ...options, program: secretive });
    const result = await stack.up();
    expect(result.outputs).toEqual({ password: "hunter2", serial: "a/" });
    expect(result.secretOutputs.sort()).toEqual(["password", "serial"]);
    expect(cloud.calls().at(-1)).toMatchObject({ inputs: { secret: "hunter2" } });

    const document = await stack.state();
    expect(JSON.stringify(document)).not.toMatch(/hunter2|"a\//);
    const copy = newStack({ ...options, program: secretive });
    await copy.importState(document);
    await copy.up({ expectNoChanges: true });
    await expect(newStack({ passphrase: "wrong" }).importState(document)).rejects.toThrow(
      "incorrect passphrase",
    );
  });
});

test("hides secrets of what was made, and of what was changed, but is not ready", async () => {
  const options = { config: { "test:password": { secret: "hunter2" } }, passphrase: "phrase" };
  const secretive = (value: string) =>
    program(() => {
      const secret = new pulumi.Config("test").requireSecret("password");
      new Thing("a", { secret, value }, { additionalSecretOutputs: ["serial"] });
    });
  const stack = newStack(options);
  for (const [operation, value] of [
    ["create", "1"],
    ["update", "2"],
  ] as const) {
    cloud.fail(operation, "a", "init");
    await failure(stack.up({ program: secretive(value) }));
    expect(JSON.stringify(await stack.state())).not.toMatch(/hunter2|"a\//);
  }
});

class AwsProvider extends pulumi.ProviderResource {
  constructor() {
    super("aws", "p");
  }
}

class Bucket extends pulumi.CustomResource {}

describe("what is not supported is refused by name", () => {
  const refusals: Record<string, [() => unknown, RegExp]> = {
    import: [() => new Thing("a", {}, { import: "a-1" }), /the resource option import \(a\)/],
    plugins: [
      () => new Bucket("aws:s3/bucket:Bucket", "a"),
      /providers that are plugins.*aws:s3\/bucket:Bucket a/,
    ],
    "explicit providers": [() => new AwsProvider(), /explicit providers \(pulumi:providers:aws p\)/],
    "stack references": [() => new pulumi.StackReference("other"), /pulumi:pulumi:StackReference/],
    functions: [() => pulumi.runtime.invoke("a:b:c", {}), /the function call a:b:c/],
    assets: [
      () => new Thing("a", { value: new pulumi.asset.StringAsset("x") as unknown as string }),
      /an asset/,
    ],
    transforms: [
      () => new Thing("a", {}, { transforms: [() => Promise.resolve(undefined)] }),
      /resource transforms/,
    ],
    "remote components": [
      () => new pulumi.ComponentResource("x:y:Z", "a", {}, {}, true),
      /remote components \(x:y:Z a\)/,
    ],
  };

  test.each(Object.entries(refusals))("%s", async (_, [body, message]) => {
    const offending = (async () => {
      await body();
    }) as Program;
    expect((await failure(newStack().up({ program: offending }))).message).toMatch(message);
  });

  test("targets", async () => {
    await expect(newStack().up({ program: things({}), target: ["x"] })).rejects.toThrow(/the option target/);
  });
});
