import { isDeepStrictEqual } from "node:util";
import { startEmulator, type Emulator } from "../../emulator";
import { qcow2 } from "../emulator/testing";
import { openEmbedded, type Operation, type TestStack } from "../e2e/stack";
import { kindsOf } from "./kinds";
import { StackModel, type Goal } from "./model";
import { perform, type Action } from "./scenarios";
import { wrongProperties } from "./verify";
import type { World } from "./world";

/** The images' own life on the embedded engine, beside the model's. */
interface Bench {
  cloud: Emulator;
  stack: TestStack;
}

async function onEngine(use: (bench: Bench) => Promise<string[]>): Promise<string[]> {
  const cloud = await startEmulator();
  for (const key of ["one", "two"]) {
    await cloud.putObject("images", `${key}.qcow2`, qcow2());
  }
  const stack = await openEmbedded(cloud.env);
  try {
    return await use({ cloud, stack });
  } finally {
    stack.close();
    await cloud.close();
  }
}

function goalIn(cloud: Emulator, more: Record<string, unknown> = {}): Goal {
  const url = cloud.objectUrl("images", "one.qcow2");
  return {
    type: "Image",
    name: "golden",
    args: { name: "golden", osDistro: "alma", url, tags: { team: "web" }, ...more },
  };
}

async function operate(
  stack: TestStack,
  action: Action,
  operation?: Operation,
): Promise<{ ok: boolean; text: string }> {
  if (action.do === "up") {
    stack.declare(...action.goals);
    return stack.up(operation);
  }
  return stack[action.do]();
}

/** Where the model calls other operations of the cloud than the embedded engine does, over a whole life of an image. */
export async function differencesOfModel(world: World): Promise<string[]> {
  return onEngine(async ({ cloud, stack }) => {
    await world.reset();
    const model = new StackModel();
    const two = { url: cloud.objectUrl("images", "two.qcow2") };
    const actions: Action[] = [
      { do: "up", goals: [goalIn(cloud)] },
      { do: "up", goals: [goalIn(cloud)] },
      { do: "up", goals: [goalIn(cloud, { minRam: 5, tags: {} })] },
      { do: "up", goals: [goalIn(cloud, two)] },
      { do: "refresh" },
      { do: "destroy" },
    ];
    const different: string[] = [];
    for (const [index, action] of actions.entries()) {
      const [engines, models] = [callsSince(cloud), callsSince(world.emulator)];
      const { ok, text } = await operate(stack, action);
      await perform(model, action, world.start());
      const [byEngine, byModel] = [engines(), models()];
      if (!ok || !isDeepStrictEqual(byEngine, byModel)) {
        different.push(
          `step ${index + 1}: ${JSON.stringify(byEngine)} on the engine, ${JSON.stringify(byModel)} in the model. ${ok ? "" : text}`,
        );
      }
    }
    return different;
  });
}

/** How often each operation is called from now on. How often one looks while waiting depends on the clock alone. */
function callsSince(cloud: Emulator): () => Record<string, number> {
  const before = cloud.stats();
  return () => {
    const calls = Object.entries(cloud.stats()).map(
      ([name, count]) => [name, count - (before[name] ?? 0)] as const,
    );
    return Object.fromEntries(
      calls.filter(([name, count]) => count > 0 && name !== "showImage" && name !== "listImages").sort(),
    );
  };
}

/** A fault of each of these kinds on the embedded engine itself, in the request that makes the image; then a run without. */
export async function faultsOnEngine(kinds: readonly string[]): Promise<string[]> {
  return onEngine(async ({ cloud, stack }) => {
    const { accessKey, secretKey } = cloud.options;
    const wrong: string[] = [];
    for (const kind of kinds) {
      const goal = goalIn(cloud);
      const { fault } = kindsOf([accessKey, secretKey])[kind]!;
      cloud.faults.add({ ...fault, operation: "createImage" });
      const first = await operate(stack, { do: "up", goals: [goal] });
      cloud.faults.clear();
      const second = await operate(stack, { do: "up", goals: [goal] });
      const images = cloud.images();
      const found = [
        ...(second.ok ? [] : [`without the fault, it fails: ${second.text}`]),
        ...(images.length === 1 ? wrongProperties(images[0]!, goal) : [`there are ${images.length} images`]),
        ...([accessKey, secretKey].some((secret) => (first.text + second.text).includes(secret))
          ? ["a secret was shown"]
          : []),
      ];
      const { ok } = await stack.destroy();
      found.push(...(ok && cloud.images().length === 0 ? [] : ["destroy leaves something"]));
      wrong.push(...found.map((what) => `${kind}: ${what}`));
    }
    return wrong;
  });
}
