import type { Properties } from "../../provider/schema/description";
import type { UpOptions, Force, Goal, Provider, StackModel } from "./model";
import { tagsWork } from "./conditions";
import type { World } from "./world";

/** One thing that a user does. */
export type Action =
  { do: "up"; goals: readonly Goal[]; force?: Force } | { do: "refresh" } | { do: "destroy" };

/** What is there already, an action that meets with faults, and what must be there afterwards. */
export interface Scenario {
  name: string;
  /** What the stack has before. */
  before: readonly Goal[];
  action: Action;
  /** What happens to the images, behind the stack's back, between the two. */
  meanwhile?: (world: World) => Promise<void>;
  /** Images that the stack does not make itself. */
  given?: (world: World) => Promise<void>;
  importsBy?: "import";
}

export async function perform(
  stack: StackModel,
  action: Action,
  provider: Provider,
  options: UpOptions = {},
): Promise<void> {
  if (action.do === "up") {
    await stack.up(action.goals, provider, { force: action.force, ...options });
  } else {
    await stack[action.do](provider);
  }
}

/** What is to be there in the end. */
export function aimOf({ before, action }: Scenario): readonly Goal[] {
  return { up: action.do === "up" ? action.goals : [], refresh: before, destroy: [] }[action.do];
}

export const givenId = "0f5b9a3e-0000-4000-8000-000000000001";

export function scenariosIn(world: World): Scenario[] {
  const tagged = tagsWork(world.condition);
  const tags = tagged ? { team: "web" } : undefined;
  const args = { name: "golden", osDistro: "alma", url: world.url("one"), tags };
  const image = (more: Properties = {}): Goal => ({
    type: "Image",
    name: "golden",
    args: { ...args, ...more },
  });
  const record = (more: Properties = {}): Goal => ({ ...image(more), type: "ImageRecord" });
  const file: Goal = { type: "ImageImport", name: "file", args: { imageId: givenId, url: world.url("one") } };
  const up = (goal: Goal, force?: Force): Action => ({ do: "up", goals: [goal], force });
  const { setImage } = world.emulator;
  const give = (patch: Parameters<typeof setImage>[1]) => async () => {
    await setImage(givenId, { name: "golden", os_distro: "alma", url: world.url("one"), ...patch });
  };
  const active = give({ min_ram: 7 });
  const queued = give({
    ...{ status: "queued", url: null, created_at: "2026-01-01T00:00:00Z" },
    ...{ checksum: null, size: null, virtual_size: null, os_hash_value: null },
  });
  const drift = async () => {
    const [one] = world.emulator.images();
    await setImage(one?.id ?? "", { min_ram: 9 });
  };
  const adopted = image({ imageId: givenId, minRam: 2 });

  const ofTags: Scenario[] = [
    { name: "update tags", before: [image()], action: up(image({ tags: { team: "db", a: "" } })) },
    {
      name: "update both",
      before: [image()],
      action: up(image({ minRam: 5, tags: { team: "db" } })),
    },
    {
      name: "adopted: update",
      before: [adopted],
      action: up(image({ imageId: givenId, tags: {} })),
      given: active,
    },
  ];

  return [
    ...(tagged ? ofTags : []),
    ...serverScenarios(world),
    { name: "create", before: [], action: up(image()) },
    { name: "create, by the import operation", before: [], action: up(image()), importsBy: "import" },
    { name: "update minRam", before: [image()], action: up(image({ minRam: 5 })) },
    { name: "replace by another url", before: [image()], action: up(image({ url: world.url("two") })) },
    { name: "replace, nothing changed", before: [image()], action: up(image(), "trigger") },
    { name: "up --replace, nothing changed", before: [image()], action: up(image(), "replace") },
    { name: "refresh", before: [image()], action: { do: "refresh" }, meanwhile: drift },
    { name: "destroy", before: [image()], action: { do: "destroy" } },
    { name: "adopt", before: [], action: up(adopted), given: active },
    { name: "adopt again", before: [adopted], action: up(adopted, "trigger"), given: active },
    { name: "adopt, up --replace", before: [adopted], action: up(adopted, "replace"), given: active },
    { name: "adopted: destroy", before: [adopted], action: { do: "destroy" }, given: active },
    { name: "record alone: create", before: [], action: up(record()) },
    {
      name: "record alone: replace by another url",
      before: [record()],
      action: up(record({ url: world.url("two") })),
    },
    { name: "record alone: replace, nothing changed", before: [record()], action: up(record(), "trigger") },
    {
      name: "record alone: up --replace, nothing changed",
      before: [record()],
      action: up(record(), "replace"),
    },
    { name: "record alone: destroy", before: [record()], action: { do: "destroy" } },
    { name: "import alone", before: [], action: up(file), given: queued },
    {
      name: "import alone: replace, nothing changed",
      before: [file],
      action: up(file, "trigger"),
      given: queued,
    },
    {
      name: "import alone: up --replace, nothing changed",
      before: [file],
      action: up(file, "replace"),
      given: queued,
    },
    { name: "import alone: refresh", before: [file], action: { do: "refresh" }, given: queued },
    { name: "import alone: destroy", before: [file], action: { do: "destroy" }, given: queued },
  ];
}

/**
 * The life of an image of a server. Nothing tells such an image from others, so what a killed run leaves is told by its name alone: where
 * images are shown late, the next run can miss it. Its tags need the account, which no url names.
 */
export function serverScenarios(world: World): Scenario[] {
  const { showLagMs = 0, denied = [] } = world.condition;
  const hasAccount = !denied.some(({ operation }) => operation === "listAccessKeys");
  const tags = tagsWork(world.condition) && hasAccount ? { team: "web" } : undefined;
  const serverId = "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11";
  const goal = (more: Properties = {}): Goal => ({
    type: "ServerImage",
    name: "golden",
    args: { serverId, name: "golden", minRam: 3, tags, ...more },
  });
  const up = (one: Goal, force?: Force): Action => ({ do: "up", goals: [one], force });
  const scenarios: Scenario[] = [
    { name: "server image: create", before: [], action: up(goal()) },
    { name: "server image: update", before: [goal()], action: up(goal({ minRam: 5 })) },
    {
      name: "server image: replace by another name",
      before: [goal()],
      action: up(goal({ name: "renamed" })),
    },
    { name: "server image: replace, nothing changed", before: [goal()], action: up(goal(), "trigger") },
    { name: "server image: up --replace, nothing changed", before: [goal()], action: up(goal(), "replace") },
    { name: "server image: destroy", before: [goal()], action: { do: "destroy" } },
  ];
  return showLagMs > 0 ? [] : scenarios;
}
