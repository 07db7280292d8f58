// A provider as the engine sees it: check, diff, create, read, update, delete. How the calls look on the wire is known here only.

import * as grpc from "@grpc/grpc-js";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { ProviderProcess } from "./provider-process";
import { CHANNEL, fromStruct, isServiceError, toStruct, unary } from "./rpc";
import { nameOf, typeOf } from "./urn";
import {
  annotateSecrets,
  changedKeys,
  forProvider,
  reveal,
  revealAll,
  textOf,
  type Properties,
} from "./values";
import { ignoreChanges } from "./paths";

export interface CheckFailure {
  property: string;
  reason: string;
}

export interface Diff {
  changes: boolean;
  replaceKeys: string[];
  changedKeys: string[];
  deleteBeforeReplace: boolean;
}

export interface Outcome {
  id: string;
  outputs: Properties;
}

export interface ReadOutcome {
  /** Empty when there is no such resource any more. */
  id: string;
  outputs: Properties;
  inputs?: Properties;
}

/** The resource exists, but is not ready: it is kept, and its update is tried next time. */
export class InitError extends Error {
  constructor(
    readonly reasons: string[],
    readonly outcome: Outcome,
  ) {
    super(reasons.join("; ") || "resource init failed");
  }
}

interface Named {
  setUrn(urn: string): unknown;
  setName(name: string): unknown;
  setType(type: string): unknown;
}

function named<T extends Named>(request: T, urn: string): T {
  request.setUrn(urn);
  request.setName(nameOf(urn));
  request.setType(typeOf(urn));
  return request;
}

const struct = (props: Properties) => toStruct(forProvider(props));

export class Provider {
  private readonly client: ResourceProviderClient;

  constructor(private readonly process: ProviderProcess) {
    this.client = new ResourceProviderClient(process.address, grpc.credentials.createInsecure(), CHANNEL);
  }

  async configure(urn: string, id: string, inputs: Properties): Promise<void> {
    const request = named(new proto.ConfigureRequest(), urn);
    request.setId(id);
    request.setArgs(toStruct(inputs));
    for (const [key, value] of Object.entries(inputs)) {
      request
        .getVariablesMap()
        .set(`${typeOf(urn).split(":")[2] ?? ""}:config:${key}`, textOf(reveal(value)));
    }
    request.setAcceptsecrets(true);
    request.setAcceptresources(true);
    await this.call<proto.ConfigureResponse>((done) => this.client.configure(request, done));
  }

  async check(
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<{ inputs: Properties; failures: CheckFailure[] }> {
    const request = named(new proto.CheckRequest(), urn);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await this.call<proto.CheckResponse>((done) => this.client.check(request, done));
    const inputs = fromStruct(response.getInputs());
    annotateSecrets(inputs, news);
    const failures = response
      .getFailuresList()
      .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
    return { inputs, failures };
  }

  async diff(
    urn: string,
    id: string,
    old: { inputs: Properties; outputs: Properties },
    news: Properties,
    ignored: string[] = [],
  ): Promise<Diff> {
    const request = named(new proto.DiffRequest(), urn);
    request.setId(id);
    request.setOldInputs(struct(old.inputs));
    request.setOlds(struct(old.outputs));
    request.setNews(struct(news));
    request.setIgnorechangesList(ignored);
    const response = await this.call<proto.DiffResponse>((done) => this.client.diff(request, done));
    const { DIFF_SOME, DIFF_UNKNOWN } = proto.DiffResponse.DiffChanges;
    let changed = response.getDiffsList();
    // A provider that does not say is taken at its inputs' word.
    if (response.getChanges() === DIFF_UNKNOWN) {
      const { inputs } = ignoreChanges(news, old.inputs, ignored);
      changed = changedKeys(revealAll(old.inputs), revealAll(inputs));
    }
    return {
      changes:
        response.getChanges() === DIFF_SOME || (response.getChanges() === DIFF_UNKNOWN && changed.length > 0),
      replaceKeys: response.getReplacesList(),
      changedKeys: changed,
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(urn: string, inputs: Properties, timeout: number): Promise<Outcome> {
    const request = named(new proto.CreateRequest(), urn);
    request.setProperties(struct(inputs));
    request.setTimeout(timeout);
    const outcome = await this.outcome("", inputs, async () => {
      const response = await this.call<proto.CreateResponse>((done) => this.client.create(request, done));
      return { id: response.getId(), outputs: fromStruct(response.getProperties()) };
    });
    if (!outcome.id) throw new Error(`plugin returned empty resource.ID from create '${urn}'`);
    return outcome;
  }

  async update(
    urn: string,
    id: string,
    old: { inputs: Properties; outputs: Properties },
    news: Properties,
    options: { timeout: number; ignoreChanges: string[] },
  ): Promise<Outcome> {
    const request = named(new proto.UpdateRequest(), urn);
    request.setId(id);
    request.setOldInputs(struct(old.inputs));
    request.setOlds(struct(old.outputs));
    request.setNews(struct(news));
    request.setTimeout(options.timeout);
    request.setIgnorechangesList(options.ignoreChanges);
    return this.outcome(id, news, async () => {
      const response = await this.call<proto.UpdateResponse>((done) => this.client.update(request, done));
      return { id, outputs: fromStruct(response.getProperties()) };
    });
  }

  async read(
    urn: string,
    id: string,
    known: { inputs: Properties; outputs: Properties },
  ): Promise<ReadOutcome> {
    const request = named(new proto.ReadRequest(), urn);
    request.setId(id);
    request.setInputs(struct(known.inputs));
    request.setProperties(struct(known.outputs));
    const response = await this.call<proto.ReadResponse>((done) => this.client.read(request, done));
    const outcome: ReadOutcome = { id: response.getId(), outputs: fromStruct(response.getProperties()) };
    annotateSecrets(outcome.outputs, known.outputs);
    if (response.hasInputs()) {
      outcome.inputs = fromStruct(response.getInputs());
      annotateSecrets(outcome.inputs, known.inputs);
    }
    return outcome;
  }

  async delete(
    urn: string,
    id: string,
    old: { inputs: Properties; outputs: Properties },
    timeout: number,
  ): Promise<void> {
    const request = named(new proto.DeleteRequest(), urn);
    request.setId(id);
    request.setOldInputs(struct(old.inputs));
    request.setProperties(struct(old.outputs));
    request.setTimeout(timeout);
    await this.call((done) => this.client.delete(request, done));
  }

  close(): void {
    this.client.close();
    this.process.stop();
  }

  private async outcome(id: string, inputs: Properties, act: () => Promise<Outcome>): Promise<Outcome> {
    try {
      const outcome = await act();
      annotateSecrets(outcome.outputs, inputs);
      return outcome;
    } catch (error) {
      const failed = initFailure(error);
      if (!failed) throw error;
      const outputs = fromStruct(failed.getProperties());
      annotateSecrets(outputs, inputs);
      throw new InitError(failed.getReasonsList(), { id: failed.getId() || id, outputs });
    }
  }

  private async call<T>(start: Parameters<typeof unary<T>>[0]): Promise<T> {
    try {
      return await unary(start);
    } catch (error) {
      if (!isServiceError(error) || initFailure(error)) throw error;
      throw new Error(error.details, { cause: error });
    }
  }
}

/** gRPC has one place for a structured error: a status in the trailing metadata. */
function initFailure(error: unknown): proto.ErrorResourceInitFailed | undefined {
  if (!isServiceError(error)) return undefined;
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(bytes)) return undefined;
  const [detail] = Status.deserializeBinary(bytes).getDetailsList();
  const unpack = (packed: Uint8Array) => proto.ErrorResourceInitFailed.deserializeBinary(packed);
  return detail?.unpack(unpack, "pulumirpc.ErrorResourceInitFailed") ?? undefined;
}
