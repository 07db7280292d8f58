import { kindsOf, type Kind } from "./kinds";
import { StackModel } from "./model";
import { aimOf, perform, scenariosIn, type Scenario } from "./scenarios";
import type { RawImage } from "../../emulator";
import { isTold, leaks, wrongImages } from "./verify";
import type { World } from "./world";

/** What came of the cases of one kind. */
export interface Tally {
  kind: string;
  cases: number;
  held: number;
  /** How many of them made the run fail, so that the next one had to mend it. */
  failedRuns: number;
  /** Images that no state holds in the end, of which the user was told. */
  told: number;
  lost: string[];
}

interface Case {
  scenario: Scenario;
  kind: string;
  /** Which request of the run is struck first. */
  request: number;
  /** How many requests are struck. */
  times: number;
}

/** More than the client tries: the run fails there. */
const outlasting = 10;

/**
 * Fails the k-th request of a run, for every k, in every kind; then runs again without faults and compares the cloud with what
 * was declared. Of all cases every so many-th is taken, and all about the request that makes an image.
 */
export async function runMatrix(world: World, every = 1): Promise<Tally[]> {
  const { accessKey, secretKey } = world.emulator.options;
  const kinds = kindsOf([accessKey, secretKey]);
  const tallies = new Map(
    Object.keys(kinds).map((kind) => [
      kind,
      { kind, cases: 0, held: 0, failedRuns: 0, told: 0, lost: [] as string[] },
    ]),
  );
  const cases = (await allCases(world, kinds)).filter((one, index) => index % every === 0 || makesImage(one));
  for (const one of cases) {
    const tally = tallies.get(one.kind)!;
    const { met, failed, told, wrong } = await tryCase(world, one, kinds[one.kind]!);
    if (!met) {
      continue; // How often one looks while waiting differs a little from run to run: this one made fewer requests.
    }
    tally.cases += 1;
    tally.failedRuns += failed ? 1 : 0;
    tally.told += told;
    tally.held += wrong.length === 0 ? 1 : 0;
    tally.lost.push(...wrong.map((what) => `${describe(one)}: ${what}`));
  }
  return [...tallies.values()];
}

/** Which request of a run creates an image: it comes after looking for orphans and for the account. */
export const creatingRequest = 3;

/** The same for an image of a server: after asking for the account, and for images of its name. */
export const creatingOfAServer = 3;

function makesImage({ scenario, request }: Case): boolean {
  return (
    (scenario.name === "create" && request === creatingRequest) ||
    (scenario.name === "server image: create" && request === creatingOfAServer)
  );
}

function describe({ scenario, kind, request, times }: Case): string {
  return `${scenario.name}, request ${request}, ${kind}${times > 1 ? `, ${times} times` : ""}`;
}

async function allCases(world: World, kinds: Record<string, Kind>): Promise<Case[]> {
  const cases: Case[] = [];
  for (const scenario of scenariosIn(world)) {
    const requests = await requestsOf(world, scenario);
    for (let request = 1; request <= requests; request += 1) {
      for (const [kind, { transient }] of Object.entries(kinds)) {
        cases.push({ scenario, kind, request, times: 1 });
        if (transient) {
          cases.push({ scenario, kind, request, times: outlasting });
        }
      }
    }
  }
  return cases;
}

/** How many requests the scenario's run makes when nothing fails. */
export async function requestsOf(world: World, scenario: Scenario): Promise<number> {
  const stack = await prepare(world, scenario);
  const { id } = world.emulator.faults.add({ kind: "latency", nth: Number.MAX_SAFE_INTEGER });
  await perform(stack, scenario.action, world.start());
  return world.emulator.faults.list().find((fault) => fault.id === id)?.matched ?? 0;
}

/** The cloud and the stack as they are before the scenario's run. */
export async function prepare(
  world: World,
  { given, before, importsBy, meanwhile }: Scenario,
): Promise<StackModel> {
  await world.reset();
  world.emulator.options.importsBy = importsBy ?? "create";
  await given?.(world);
  const stack = new StackModel();
  await stack.up(before, world.start());
  await meanwhile?.(world);
  return stack;
}

async function tryCase(
  world: World,
  { scenario, request, times }: Case,
  { fault, retryPolicy }: Kind,
): Promise<{ met: boolean; failed: boolean } & Mended> {
  const { faults } = world.emulator;
  const stack = await prepare(world, scenario);
  const { id } = faults.add({ ...fault, nth: request, times });
  const failed = await perform(stack, scenario.action, world.start({ retryPolicy })).then(
    () => false,
    (error: unknown) => {
      world.said.push(String(error));
      return true;
    },
  );
  const met = faults.list().some((one) => one.id === id && one.struck > 0);
  faults.clear();
  return { met, failed, ...(await mendAndCompare(world, scenario, stack)) };
}

export interface Mended {
  wrong: string[];
  /** Images that no state holds, of which the user was told. */
  told: number;
}

/** Runs again, without faults, then compares; then destroys, after which nothing may be left but what the user was told of. */
export async function mendAndCompare(world: World, scenario: Scenario, stack: StackModel): Promise<Mended> {
  const aim = aimOf(scenario);
  const told = (image: RawImage) => isTold(image, world);
  try {
    await perform(stack, scenario.action, world.start());
    await stack.up(aim, world.start());
    // What is shown late is shown by now, and what could not be seen to is.
    Object.assign(world.emulator.options, { tagLagMs: 0, showLagMs: 0 });
    await stack.refresh(world.start());
    await stack.up(aim, world.start());
    const wrong = [
      ...wrongImages(world, [[stack, aim]], told),
      ...(await unrest(world, stack, aim)),
      ...leaks(world, stack),
    ];
    await stack.destroy(world.start());
    wrong.push(...wrongImages(world, [[stack, []]], told).map((what) => `after destroy, ${what}`));
    return { wrong, told: world.emulator.images().length };
  } catch (error) {
    return { wrong: [`without faults, it fails: ${String(error)}`], told: 0 };
  }
}

const writes = [
  "createImage",
  "createVirtualServerCustomImage",
  "importImage",
  "updateImage",
  "deleteImage",
  "setTags",
];

/** What one more run changes although there is nothing to change. */
async function unrest(
  world: World,
  stack: StackModel,
  aim: Parameters<StackModel["up"]>[0],
): Promise<string[]> {
  const before = world.emulator.stats();
  await stack.up(aim, world.start());
  const after = world.emulator.stats();
  return writes
    .filter((write) => after[write] !== before[write])
    .map((write) => `one more run calls ${write}`);
}

/** The matrix as a table. */
export function tableOf(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ kind, cases, held, failedRuns, told }) => [
    kind,
    cases,
    failedRuns,
    held,
    told,
    cases - held,
  ]);
  const sums = [1, 2, 3, 4, 5].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const line = ([kind, ...numbers]: (string | number)[]) =>
    String(kind).padEnd(26) + numbers.map((number) => String(number).padStart(14)).join("");
  return [
    ["kind of fault", "cases", "runs failed", "held", "orphans told", "lost"],
    ...rows,
    ["all", ...sums],
  ]
    .map(line)
    .join("\n");
}
