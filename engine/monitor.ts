// Pulumi's ResourceMonitor: what the program talks to. It translates requests into goals, hands them on, and answers when the
// deployment has. What the engine does not do, it refuses here, by name.

import type { handleUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Alias as AliasMessage } from "@pulumi/pulumi/proto/alias_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Alias, Goal, ReadGoal } from "./goal";
import { fromStruct, handler, MonitorGone, toStruct } from "./rpc";
import type { CustomTimeouts, ResourceState } from "./state";
import { DYNAMIC_PACKAGE, PROVIDER_TYPE, isProviderType, packageOf, providerReference } from "./urn";
import { refuseUnsupported, type Properties, type Value } from "./values";

/** What stands behind the monitor. Each promise settles when the deployment has done its part. */
export interface MonitorTarget {
  register(goal: Goal): Promise<ResourceState>;
  read(goal: ReadGoal): Promise<ResourceState>;
  outputs(urn: string, outputs: Properties): Promise<void>;
  /** The program asked for what cannot be done: the deployment ends. */
  fail(error: unknown): void;
  /** The program has nothing more to ask; settles when the deployment has ended. */
  finished(): Promise<void>;
}

const FEATURES = new Set([
  "secrets",
  "resourceReferences",
  "aliasSpecs",
  "deletedWith",
  "replaceWith",
  "replacementTrigger",
  // Answered with yes, so that the refusal is this engine's and says what it is about.
  "transforms",
  "invokeTransforms",
  "parameterization",
  "resourceHooks",
  "errorHooks",
]);

const refuse = (what: string): never => {
  throw new Error(`the embedded engine does not support ${what}`);
};

export class Monitor {
  private defaultProvider: Promise<string> | undefined;
  private readonly goals = new Map<string, Goal>();

  constructor(
    private readonly target: MonitorTarget,
    /** The stack's configuration: a dynamic provider's settings are all of it. */
    private readonly config: Properties,
  ) {}

  readonly service: UntypedServiceImplementation = {
    supportsFeature: handler((request: proto.SupportsFeatureRequest) => {
      const response = new proto.SupportsFeatureResponse();
      response.setHassupport(FEATURES.has(request.getId()));
      return Promise.resolve(response);
    }),
    registerResource: this.answer((request: proto.RegisterResourceRequest) => this.register(request)),
    readResource: this.answer((request: proto.ReadResourceRequest) => this.read(request)),
    registerResourceOutputs: this.answer(async (request: proto.RegisterResourceOutputsRequest) => {
      const outputs = fromStruct(request.getOutputs());
      refuseUnsupported(outputs, request.getUrn());
      await this.target.outputs(request.getUrn(), outputs);
      return new Empty();
    }),
    signalAndWaitForShutdown: this.answer(async () => {
      await this.target.finished();
      return new Empty();
    }),
    invoke: this.refusal((request: proto.ResourceInvokeRequest) => `the function call ${request.getTok()}`),
    call: this.refusal((request: proto.ResourceCallRequest) => `the method call ${request.getTok()}`),
    registerStackTransform: this.refusal(() => "resource transforms"),
    registerStackInvokeTransform: this.refusal(() => "invoke transforms"),
    registerResourceHook: this.refusal(() => "resource hooks"),
    registerErrorHook: this.refusal(() => "error hooks"),
    registerPackage: this.refusal(() => "parameterized packages"),
  };

  /** An error here is the deployment's, not only the caller's: who goes on without a resource would see it deleted. */
  private answer<Q, S>(method: (request: Q) => Promise<S>): handleUnaryCall<Q, S> {
    return handler(async (request: Q) => {
      try {
        return await method(request);
      } catch (error) {
        if (!(error instanceof MonitorGone)) this.target.fail(error);
        throw error;
      }
    });
  }

  private refusal<Q>(what: (request: Q) => string): handleUnaryCall<Q, never> {
    return this.answer((request: Q) => Promise.resolve().then(() => refuse(what(request))));
  }

  private async register(request: proto.RegisterResourceRequest): Promise<proto.RegisterResourceResponse> {
    this.refuseWhatIsNot(request);
    const goal = toGoal(request);
    this.inherit(goal);
    if (goal.custom) goal.provider = await this.providerReference();
    const state = await this.target.register(goal);
    this.goals.set(state.urn, goal);
    const response = new proto.RegisterResourceResponse();
    response.setUrn(state.urn);
    response.setId(state.id ?? "");
    response.setObject(goal.custom ? toStruct(state.outputs) : new Struct());
    return response;
  }

  private async read(request: proto.ReadResourceRequest): Promise<proto.ReadResourceResponse> {
    const type = request.getType();
    requireDynamic(type, request.getName());
    if (request.getProvider()) refuse(`explicit providers (${request.getName()})`);
    const properties = fromStruct(request.getProperties());
    refuseUnsupported(properties, request.getName());
    const state = await this.target.read({
      type,
      name: request.getName(),
      id: request.getId(),
      properties,
      provider: await this.providerReference(),
      dependencies: [...new Set(request.getDependenciesList())],
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      ...(request.getParent() && { parent: request.getParent() }),
    });
    const response = new proto.ReadResourceResponse();
    response.setUrn(state.urn);
    response.setProperties(toStruct(state.outputs));
    return response;
  }

  /** All dynamic resources share one provider, which comes into being with the first of them. */
  private providerReference(): Promise<string> {
    this.defaultProvider ??= this.target
      .register({
        ...EMPTY_GOAL,
        type: PROVIDER_TYPE,
        name: "default",
        custom: true,
        properties: this.config,
      })
      .then(({ urn, id }) => providerReference(urn, id ?? ""));
    return this.defaultProvider;
  }

  private inherit(goal: Goal): void {
    const parent = goal.parent === undefined ? undefined : this.goals.get(goal.parent);
    if (!parent) return;
    if (!goal.deletedWith && parent.deletedWith) goal.deletedWith = parent.deletedWith;
    if (goal.protect === undefined && parent.protect !== undefined) goal.protect = parent.protect;
    if (goal.retainOnDelete === undefined && parent.retainOnDelete !== undefined) {
      goal.retainOnDelete = parent.retainOnDelete;
    }
  }

  private refuseWhatIsNot(request: proto.RegisterResourceRequest): void {
    const name = request.getName();
    const type = request.getType();
    if (isProviderType(type)) refuse(`explicit providers (${type} ${name})`);
    if (request.getRemote()) refuse(`remote components (${type} ${name})`);
    if (request.getCustom()) requireDynamic(type, name);
    if (request.getImportid()) refuse(`the resource option import (${name})`);
    if (request.getTransformsList().length > 0) refuse(`resource transforms (${name})`);
    if (request.getPackageref()) refuse(`parameterized packages (${name})`);
    if (request.getCustom() && request.getProvider()) refuse(`explicit providers (${name})`);
    const hooks = Object.values<string[]>(request.getHooks()?.toObject() ?? {});
    if (hooks.some((names) => names.length > 0)) refuse(`resource hooks (${name})`);
    refuseUnsupported(fromStruct(request.getObject()), name);
  }
}

function requireDynamic(type: string, name: string): void {
  if (packageOf(type) === DYNAMIC_PACKAGE) return;
  refuse(`providers that are plugins: it runs dynamic providers only (${type} ${name})`);
}

const EMPTY_GOAL: Omit<Goal, "type" | "name" | "custom" | "properties"> = {
  dependencies: [],
  propertyDependencies: {},
  aliases: [],
  replaceWith: [],
  ignoreChanges: [],
  replaceOnChanges: [],
  additionalSecretOutputs: [],
  hideDiff: [],
  customTimeouts: {},
};

function toGoal(request: proto.RegisterResourceRequest): Goal {
  const properties = fromStruct(request.getObject());
  const dependencies = [...new Set(request.getDependenciesList())];
  const trigger = request.getReplacementTrigger()?.toJavaScript();
  const protect = request.hasProtect() ? request.getProtect() : undefined;
  const retain = request.hasRetainondelete() ? request.getRetainondelete() : undefined;
  const deleteFirst = request.getDeletebeforereplacedefined() || request.getDeletebeforereplace();
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    properties,
    dependencies,
    propertyDependencies: propertyDependencies(request, properties, dependencies),
    aliases: [
      ...request.getAliasurnsList().map((urn) => ({ urn })),
      ...request.getAliasesList().map((alias) => toAlias(alias)),
    ],
    replaceWith: request.getReplaceWithList(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    hideDiff: request.getHidediffsList(),
    customTimeouts: toTimeouts(request.getCustomtimeouts()),
    ...(request.getParent() && { parent: request.getParent() }),
    ...(request.getDeletedwith() && { deletedWith: request.getDeletedwith() }),
    ...(protect !== undefined && { protect }),
    ...(retain !== undefined && { retainOnDelete: retain }),
    ...(deleteFirst && { deleteBeforeReplace: request.getDeletebeforereplace() }),
    ...(trigger !== undefined && { replacementTrigger: trigger as Value }),
  };
}

function propertyDependencies(
  request: proto.RegisterResourceRequest,
  properties: Properties,
  dependencies: string[],
): Record<string, string[]> {
  const map = request.getPropertydependenciesMap();
  const keys = Object.keys(properties);
  // A program that says nothing about properties is taken to mean that each depends on everything.
  if (map.getLength() === 0) return Object.fromEntries(keys.map((key) => [key, dependencies]));
  const result: Record<string, string[]> = Object.fromEntries(keys.map((key) => [key, []]));
  map.forEach((value, key) => (result[key] = [...new Set(value.getUrnsList())]));
  return result;
}

function toAlias(alias: AliasMessage): Alias {
  const spec = alias.getSpec();
  if (!spec) return { urn: alias.getUrn() };
  const parts = {
    name: spec.getName(),
    type: spec.getType(),
    stack: spec.getStack(),
    project: spec.getProject(),
    parent: spec.getParenturn(),
  };
  const given = Object.entries(parts).filter(([, part]) => part !== "");
  return { ...Object.fromEntries(given), noParent: spec.getNoparent() };
}

function toTimeouts(message: proto.RegisterResourceRequest.CustomTimeouts | undefined): CustomTimeouts {
  if (!message) return {};
  const texts = {
    create: message.getCreate(),
    update: message.getUpdate(),
    delete: message.getDelete(),
    read: message.getRead(),
  };
  const given = Object.entries(texts).filter(([, text]) => text !== "");
  return Object.fromEntries(given.map(([key, text]) => [key, seconds(text)]));
}

const UNITS: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Go's notation of a duration, such as `1h30m`. */
function seconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy)];
  if (parts.map(([part]) => part).join("") !== text)
    throw new Error(`unable to parse customTimeout value ${text}`);
  return parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
}
