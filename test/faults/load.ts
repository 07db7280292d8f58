import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultKind } from "../../emulator";
import { StackModel, type Goal, type Provider } from "./model";
import { leaks, wrongImages } from "./verify";
import type { World } from "./world";

export interface Load {
  images: number;
  /** How many runs it took until all was as declared, and until all was gone. */
  runs: number;
  calls: Record<string, number>;
  callsPerImage: number;
  /** The most requests that the emulator had at once. */
  congestion: number;
  wrong: string[];
}

/**
 * More calls an image than there may be, when 20 % fail. Without faults there are four: create, settle, a look or a share of one,
 * delete. A fifth of them comes again, and again: × 1.25. Half of the troubles leave a creation in doubt, some 0.1 an image; to look for
 * what it made takes up to four pages of a hundred. And a run that fails begins anew. That is some 6.
 */
export const callBound = 8;

export function describeLoad({ images, runs, calls, callsPerImage, congestion }: Load): string {
  const each = Object.entries(calls).map(([operation, count]) => `${operation} ${count}`);
  return (
    `${images} images made and deleted in ${runs} runs, with at most ${congestion} requests under way, ` +
    `${callsPerImage.toFixed(1)} calls an image: ${each.join(", ")}`
  );
}

/** Kinds that a service in trouble shows. No time-outs: the emulator learns later than the client that a request was given up. */
const troubles: readonly FaultKind[] = [
  "status",
  "status-after",
  "reset-before",
  "reset-after",
  "truncated",
  "null-fields",
];

/** Makes so many images, and deletes them again, while so large a part of the requests fails in one way or another. */
export async function runLoad(
  world: World,
  { images, failing, maxRequests }: { images: number; failing: number; maxRequests: number },
): Promise<Load> {
  await world.reset();
  const stack = new StackModel();
  const goals = Array.from({ length: images }, (_, index): Goal => {
    const name = `image-${index}`;
    return { type: "Image", name, args: { name, osDistro: "alma", url: world.url("one") } };
  });
  const congestion = new Congestion(world.emulator.url);
  orderTroubles(world, failing);
  let runs = 0;
  const untilDone = async (run: (provider: Provider) => Promise<void>) => {
    for (let done = false; !done && runs < 20; runs += 1) {
      done = await run(world.start({ maxRequests })).then(
        () => true,
        (error: unknown) => world.said.push(String(error)) < 0,
      );
    }
  };
  await untilDone((provider) => stack.up(goals, provider, { parallel: 32 }));
  const wrong = [...wrongImages(world, [[stack, goals]]), ...leaks(world, stack)];
  await untilDone((provider) => stack.destroy(provider, 32));
  wrong.push(...wrongImages(world, [[stack, []]]));
  world.emulator.faults.clear();
  const calls = callsOf(world);
  const all = Object.values(calls).reduce((sum, count) => sum + count, 0);
  return { images, runs, calls, callsPerImage: all / images, congestion: congestion.end(), wrong };
}

/** Each trouble by itself, so that together they strike the wanted part. */
function orderTroubles({ emulator }: World, failing: number): void {
  const probability = 1 - (1 - failing) ** (1 / troubles.length);
  troubles.forEach((kind, index) => emulator.faults.add({ kind, probability, seed: index + 1 }));
}

/** Without the importer's own calls, which no client makes. */
function callsOf({ emulator }: World): Record<string, number> {
  const ofImporter = ["headObject", "getObject"];
  return Object.fromEntries(
    Object.entries(emulator.stats()).filter(([operation]) => !ofImporter.includes(operation)),
  );
}

/** Counts how many requests a server of this process has at once. */
class Congestion {
  private now = 0;
  private most = 0;
  private readonly listener = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (request.headers.host === this.host && request.headers["scp-accesskey"] !== undefined) {
      this.now += 1;
      this.most = Math.max(this.most, this.now);
      response.once("close", () => (this.now -= 1));
    }
  };
  private readonly host: string;

  constructor(url: string) {
    this.host = new URL(url).host;
    subscribe("http.server.request.start", this.listener);
  }

  end(): number {
    unsubscribe("http.server.request.start", this.listener);
    return this.most;
  }
}
