import { getImage } from "pulumi-scp-images";
import { startEmulator } from "../../emulator";
import { createStack } from "../../engine";
import { cleanEnv } from "../../tools/run/cli";
import { lookupsSuite } from "./lookups-suite";
import { configOf, openEmbedded } from "./stack";

describe("on the embedded engine", () => {
  lookupsSuite((env, name) => openEmbedded(env, name, configOf(env)), 60_000);
});

test("programs of several stacks in one process each look up with their own settings", async () => {
  const clouds = await Promise.all(["one", "two", "three"].map(() => startEmulator()));
  const stacks = clouds.map((cloud, index) =>
    createStack({
      program: async () => {
        const { name } = await getImage({ mostRecent: true });
        const { id } = await getImage({ name });
        return { name, id };
      },
      stack: `stack-${index}`,
      config: configOf(cloud.env),
      env: cleanEnv(cloud.env),
    }),
  );
  for (const [index, cloud] of clouds.entries()) {
    await cloud.setImage(`image-${index}`, { name: `of cloud ${index}` });
  }
  const results = await Promise.all(stacks.map((stack) => stack.up()));
  expect(results.map(({ outputs }) => outputs)).toEqual(
    clouds.map((_, index) => ({ name: `of cloud ${index}`, id: `image-${index}` })),
  );
  expect(clouds.map((cloud) => cloud.stats())).toEqual(clouds.map(() => ({ listImages: 2 })));
  await Promise.all([...stacks.map((stack) => stack.close()), ...clouds.map((cloud) => cloud.close())]);
});
