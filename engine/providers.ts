// The provider processes of one deployment, by reference: the urn and id of the provider's own resource.

import { randomUUID } from "node:crypto";
import { Provider } from "./provider";
import type { ProviderProcess } from "./provider-process";
import type { ResourceState } from "./state";
import { parseReference, providerReference } from "./urn";
import { UNKNOWN, type Properties } from "./values";

export class Providers {
  private readonly running = new Map<string, Promise<Provider>>();

  constructor(
    private readonly start: () => Promise<ProviderProcess>,
    private readonly preview: boolean,
  ) {}

  /** Starts the provider with these settings, under the id that its resource has, or gets now. */
  async configure(urn: string, inputs: Properties, id?: string): Promise<string> {
    const given = id ?? (this.preview ? UNKNOWN : randomUUID());
    const reference = providerReference(urn, given);
    const before = this.running.get(reference);
    const provider = this.launch(urn, given, inputs);
    this.running.set(reference, provider);
    await provider;
    (await before)?.close();
    return given;
  }

  /** The provider of a resource; one that the program did not ask for is started as the state has it. */
  get(reference: string, resources: readonly ResourceState[] = []): Promise<Provider> {
    const running = this.running.get(reference);
    if (running) return running;
    const { urn, id } = parseReference(reference);
    const state = resources.find((candidate) => candidate.urn === urn && candidate.id === id);
    if (!state) throw new Error(`unknown provider ${reference}`);
    const provider = this.launch(urn, id, state.inputs);
    this.running.set(reference, provider);
    return provider;
  }

  async close(): Promise<void> {
    await outputRead();
    const all = await Promise.allSettled(this.running.values());
    for (const result of all) if (result.status === "fulfilled") result.value.close();
  }

  private async launch(urn: string, id: string, inputs: Properties): Promise<Provider> {
    const provider = new Provider(await this.start());
    await provider.configure(urn, id, inputs);
    return provider;
  }
}

/**
 * What a provider writes to its console before it answers is in its pipe by then, but the answer may be read first: the next rounds of the
 * event loop read the rest.
 */
async function outputRead(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
