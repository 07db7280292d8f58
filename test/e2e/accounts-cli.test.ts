import { startEmulator } from "../../emulator";
import { findPulumi, run } from "../../tools/run/cli";
import { qcow2 } from "../emulator/testing";
import { accountsSuite } from "./accounts-suite";
import { openCli, succeed } from "./stack";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  accountsSuite(openCli, 300_000);
});

onCli("what only the Pulumi CLI does", () => {
  test("a profile that pulumi config set --path --secret makes works, by itself, and its keys are in no state in clear", async () => {
    const cloud = await startEmulator();
    const [, second] = cloud.options.accounts;
    const { accessKey, secretKey, accountId } = second!;
    await cloud.putObject("images", "golden.qcow2", qcow2(), "public-read", accountId);
    const env = Object.fromEntries(Object.entries(cloud.env).filter(([name]) => !name.endsWith("_KEY")));
    const stack = await openCli(env);
    const { cli, cwd, env: own } = stack.command;
    const set = async (...args: string[]) => {
      const { code, stderr } = await run(cli, ["config", "set", "--path", ...args], { cwd, env: own });
      expect([code, stderr]).toEqual([0, ""]);
    };
    await set("--secret", "scp:profiles.audit.accessKey", accessKey);
    await set("--secret", "scp:profiles.audit.secretKey", secretKey);
    await set("--plaintext", "scp:profiles.audit.accountId", accountId);
    await set("--plaintext", "scp:profiles.audit.creationTag", "false");
    const url = cloud.objectUrl("images", "golden.qcow2", accountId);
    const args = { name: "golden", osDistro: "alma", url, profile: "audit" };
    stack.declare({ type: "Image", name: "golden", args });
    await succeed(stack.up());
    expect(cloud.images()).toMatchObject([{ owner: accountId, status: "active" }]);
    expect(cloud.stats().findTags).toBeUndefined(); // creationTag, which Pulumi keeps as a truth value, is read.
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    const state = JSON.stringify(await stack.state());
    expect(state).toContain('"profile":"audit"');
    expect(state).not.toContain(secretKey);
    expect(state).not.toContain(accessKey);

    await set("--plaintext", "scp:profiles.audit.accountId", cloud.options.accountId);
    const refused = await stack.preview();
    expect(refused).toMatchObject({ ok: false });
    expect(refused.text).toMatch(
      /accountId of\s+profile "audit" \(from Pulumi config scp:profiles, audit\.accountId\)/,
    );
    await set("--plaintext", "scp:profiles.audit.accountId", accountId);
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
    stack.close();
    await cloud.close();
  }, 300_000);
});
