import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../../emulator";
import { qcow2 } from "../emulator/testing";
import { image } from "../file/images";
import { openEmbedded, succeed, type TestStack } from "../e2e/stack";
import { cleanEnv, run } from "../../tools/run/cli";

jest.setTimeout(120_000);

const command = join(__dirname, "../../dist/provider/cli/main.js");
let cloud: Emulator;
let stack: TestStack;
let folder: string;

beforeEach(async () => {
  // The tag stays on whatever is created.
  cloud = await startEmulator({ denied: ["deleteTag", "setTags"].map((operation) => ({ operation })) });
  await cloud.putObject("images", "one.qcow2", qcow2());
  stack = await openEmbedded(cloud.env);
  folder = mkdtempSync(join(tmpdir(), "orphans-"));
});

afterEach(async () => {
  stack.close();
  rmSync(folder, { recursive: true });
  await cloud.close();
});

const orphans = (...args: string[]) =>
  run(process.execPath, [command, "orphans", ...args], { cwd: folder, env: cleanEnv(cloud.env) });

async function make(...names: string[]): Promise<string[]> {
  const url = cloud.objectUrl("images", "one.qcow2");
  stack.declare(
    ...names.map((name) => ({ type: "Image" as const, name, args: { name, osDistro: "alma", url } })),
  );
  expect(await stack.up()).toMatchObject({ ok: true });
  return names.map((name) => cloud.images().find((image) => image.name === name)!.id);
}

const exported = async (): Promise<string> => {
  const file = join(folder, "state.json");
  writeFileSync(file, JSON.stringify(await stack.state()));
  return file;
};

test("lists what carries the tag, with what is known of it; a state tells what is in use", async () => {
  expect((await orphans()).stdout).toContain("No image carries the tag pulumi-scp-images");
  const [one] = await make("one");
  const listed = await orphans();
  expect(listed.code).toBe(0);
  expect(listed.stdout).toMatch(new RegExp(`${one} \\("one", active, created \\d+ s ago\\)`));
  expect(listed.stdout).toContain("created by an Image of organization/lifecycle/test");
  expect(listed.stdout).toContain("held by no state that was given");

  const file = await exported();
  expect((await orphans("--state", file)).stdout).toContain(`held by ${file}: in use`);
  const json = JSON.parse((await orphans("--json", "--state", file)).stdout) as unknown;
  expect(json).toMatchObject([{ id: one, heldBy: file, createdBy: "Image", region: "kr-west1" }]);
});

test("deletes those that are named, and no other: not what a state holds, is protected, or carries no tag", async () => {
  const [one, two, three, four] = await make("one", "two", "three", "four");
  await cloud.setImage(two!, { protected: true });
  await cloud.setTags(three!, []);
  const file = await exported();
  const held = await orphans("--state", file, "--delete", one!);
  expect(held).toMatchObject({ code: 1, stdout: "" });
  expect(held.stderr).toContain(`Image ${one} is not deleted: the state in ${file} holds it.`);
  expect(cloud.deleted()).toEqual([]);

  const unsaid = await orphans("--delete", one!);
  expect(unsaid).toMatchObject({ code: 2, stdout: "" });
  expect(unsaid.stderr).toMatch(
    /^An image that a state holds must not be deleted: .*--state FILE.* or say --no-state/,
  );
  expect(cloud.deleted()).toEqual([]);

  const some = await orphans("--no-state", "--delete", one!, two!, three!);
  expect(some.code).toBe(1);
  expect(some.stdout).toBe(`Image ${one} is deleted.\n`);
  expect(some.stderr).toContain(`Image ${two} is not deleted: it is protected`);
  expect(some.stderr).toContain(`Image ${three} is not deleted: it does not carry the tag`);
  expect(cloud.deleted().map(({ id }) => id)).toEqual([one]);

  writeFileSync(join(folder, "other.json"), JSON.stringify({ deployment: { resources: [] } }));
  const last = await orphans("--state", "other.json", "--delete", four!);
  expect(last).toMatchObject({ code: 0, stderr: "" });
});

test("a wrong command line, and a file that is no state, are said in a sentence", async () => {
  const wrong = await orphans("0f5b9a3e-0000-4000-8000-000000000001");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("to delete images, write --delete before them");
  expect((await orphans("--colour")).code).toBe(2);
  writeFileSync(join(folder, "no-state.json"), "{}");
  const noState = await orphans("--state", "no-state.json");
  expect(noState).toMatchObject({ code: 1 });
  expect(noState.stderr).toContain("no-state.json is no state as pulumi stack export writes it.");
});

test("objects and uploads that are left are listed and deleted by name; other objects, and what a state holds, are not", async () => {
  const file = join(folder, "golden.qcow2");
  writeFileSync(file, Buffer.concat([image(), Buffer.alloc(6_000_000)]));
  const source = { file, bucket: "images", afterImport: "kept" };
  const golden = {
    type: "Image" as const,
    name: "golden",
    args: { name: "golden", osDistro: "alma", source },
  };
  stack.declare(golden);
  await succeed(stack.up());
  const [kept] = cloud.objects().filter(({ key }) => key.startsWith("pulumi-scp-images/"));
  const name = `images/${kept!.key}`;
  const held = await exported();
  expect((await orphans("--state", held)).stdout).toMatch(
    new RegExp(`${name}\n  6\\.1 MiB, \\d+ s old, public\n  held by ${held}: in use`),
  );
  expect((await orphans("--state", held, "--delete", name)).stderr).toContain(
    `the state in ${held} holds it`,
  );

  // A run that was killed in the midst of an upload.
  cloud.faults.add({
    kind: "status",
    status: 403,
    operation: "abortMultipartUpload",
    service: "storage",
    times: "always",
  });
  cloud.faults.add({
    kind: "status",
    status: 403,
    operation: "completeMultipartUpload",
    service: "storage",
    times: "always",
  });
  writeFileSync(file, Buffer.concat([image(), Buffer.alloc(7_000_000)]));
  expect(await stack.up()).toMatchObject({ ok: false });
  cloud.faults.clear();
  const [upload] = cloud.uploads();
  const listed = (await orphans("--state", held)).stdout;
  expect(listed).toContain(`images/${upload!.key}\n  an upload that is not finished`);
  expect(listed).not.toContain("one.qcow2");

  const done = await orphans("--no-state", "--delete", name, `images/${upload!.key}`, "images/one.qcow2");
  expect(done.code).toBe(1);
  expect(done.stdout).toBe(`Object ${name} is deleted.\nObject images/${upload!.key} is deleted.\n`);
  expect(done.stderr).toBe("Object images/one.qcow2 is not deleted: it is not there.\n");
  expect(cloud.uploads()).toEqual([]);
  expect(cloud.objects().map(({ key }) => key)).toEqual(["one.qcow2"]);
});

test("--profile looks with that profile's keys, and sees and deletes nothing of another account", async () => {
  const { accountId } = cloud.options.accounts[1]!;
  await cloud.putObject("images", "one.qcow2", qcow2(), "public-read", accountId);
  const url = cloud.objectUrl("images", "one.qcow2", accountId);
  const golden = (name: string, more: Record<string, unknown> = {}) => ({
    type: "Image" as const,
    name,
    args: { name, osDistro: "alma", url: cloud.objectUrl("images", "one.qcow2"), ...more },
  });
  stack.declare(golden("own"), golden("theirs", { profile: "second", url }));
  await succeed(stack.up());
  const id = (name: string) => cloud.images().find((image) => image.name === name)!.id;
  const [own, theirs] = [id("own"), id("theirs")];
  const listed = (await orphans("--profile", "second")).stdout;
  expect(listed).toContain(theirs);
  expect(listed).not.toContain(own);
  expect((await orphans()).stdout).not.toContain(theirs);

  const wrong = await orphans("--profile", "second", "--no-state", "--delete", own);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  const done = await orphans("--profile", "second", "--no-state", "--delete", theirs);
  expect(done).toMatchObject({ code: 0, stdout: `Image ${theirs} is deleted.\n` });
  expect(cloud.deleted().map((image) => image.id)).toEqual([theirs]);

  const gone = await orphans("--profile", "gone");
  expect(gone).toMatchObject({ code: 1, stdout: "" });
  expect(gone.stderr).toContain('SCP setting accessKey of profile "gone" is missing');
  expect((await orphans("--profile", "No")).stderr).toContain('profile "No" must be the name of a profile');
});
