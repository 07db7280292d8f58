import { startEmulator } from "../../emulator";
import { findPulumi, run } from "../../tools/run/cli";
import { qcow2 } from "../emulator/testing";
import { startAndKill } from "../faults/real-kills";
import type { Declaration } from "./program";
import { sharingSuite } from "./sharing-suite";
import { openCli, succeed } from "./stack";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  sharingSuite(openCli, 240_000);

  test.each([
    ["createImageMember", "hang-after"],
    ["updateImageMember", "hang"],
  ] as const)("a run that is killed in %s (%s) shares once, and accepts", async (operation, kind) => {
    const cloud = await startEmulator();
    const { accountId, accessKey, secretKey } = cloud.options.accounts[1]!;
    const stack = await openCli({
      ...cloud.env,
      SCP_PROFILE_SECOND_ACCESS_KEY: accessKey,
      SCP_PROFILE_SECOND_SECRET_KEY: secretKey,
    });
    try {
      await cloud.putObject("images", "one.qcow2", qcow2());
      const url = cloud.objectUrl("images", "one.qcow2");
      const args = { name: "golden", osDistro: "alma", url, visibility: "shared" };
      const image: Declaration = { type: "Image", name: "golden", args };
      stack.declare(
        image,
        { type: "ImageMember", name: "member", of: "golden", args: { memberId: accountId } },
        { type: "ImageMemberAcceptance", name: "answer", of: "member", args: { profile: "second" } },
      );
      cloud.faults.add({ kind, operation });
      await startAndKill(cloud, stack.command, "up");
      cloud.faults.clear();
      await run(stack.command.cli, ["cancel", "--yes", "--non-interactive"], stack.command);
      await succeed(stack.up());
      expect(cloud.images()).toMatchObject([{ members: [{ member_id: accountId, status: "accepted" }] }]);
      await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
      await succeed(stack.destroy());
      expect(cloud.images()).toEqual([]);
    } finally {
      stack.close();
      await cloud.close();
    }
  });
});
