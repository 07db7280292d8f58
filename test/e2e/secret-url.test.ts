import * as pulumi from "@pulumi/pulumi";
import { Image } from "pulumi-scp-images";
import { startEmulator, type Emulator } from "../../emulator";
import { createStack } from "../../engine";
import { cleanEnv } from "../../tools/run/cli";
import { qcow2 } from "../emulator/testing";

let cloud: Emulator;

beforeEach(async () => {
  cloud = await startEmulator({ echo: "encoded" });
  await cloud.putObject("images", "secret-name.qcow2", qcow2());
});
afterEach(() => cloud.close());

test("a url that the program marks as secret stands nowhere in clear in the state, in the service's spelling neither", async () => {
  const url = cloud.objectUrl("images", "secret-name.qcow2");
  const stack = createStack({
    program: () => {
      new Image("golden", { name: "golden", osDistro: "alma", url: pulumi.secret(url) });
      return Promise.resolve({});
    },
    project: "lifecycle",
    stack: "test",
    env: cleanEnv(cloud.env),
    passphrase: "test",
  });
  const images = async () => {
    const { resources = [] } = (await stack.state()).deployment;
    return resources.filter(({ type }) => /Image(Record|Import)$/.test(type));
  };
  try {
    await stack.up();
    expect(await images()).toHaveLength(2);
    expect(JSON.stringify(await images())).not.toContain("secret-name");
    await stack.preview({ expectNoChanges: true, refresh: true });

    // As a version before wrote it: understood, and not kept.
    const state = await stack.state();
    const echo = { url: url.replace(":images", "%3Aimages") };
    state.deployment.resources?.forEach(({ type, outputs }) => {
      if (/Image(Record|Import)$/.test(type)) Object.assign(outputs ?? {}, { echo });
    });
    await stack.importState(state);
    await stack.preview({ expectNoChanges: true });
    await stack.refresh();
    await stack.preview({ expectNoChanges: true, refresh: true });
    expect(JSON.stringify(await images())).not.toContain("secret-name");
    expect(cloud.deleted()).toEqual([]);
  } finally {
    await stack.close();
  }
});
