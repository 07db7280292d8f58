// What a deployment knows of its resources, and how that is written: Pulumi's deployment format, version 3.

import { createHash } from "node:crypto";
import { Crypter } from "./secrets";
import { SECRET, isSecret, secret, transform, type Properties, type Value } from "./values";

/** A resource, with the names that the format has. Secrets are in clear here, and encrypted on disk. */
export interface ResourceState {
  urn: string;
  custom: boolean;
  type: string;
  id?: string;
  /** Replaced already, and still to be deleted. */
  delete?: boolean;
  /** Deleted already, and still to be created again. */
  pendingReplacement?: boolean;
  /** Read, not managed. */
  external?: boolean;
  inputs: Properties;
  outputs: Properties;
  parent?: string;
  provider?: string;
  dependencies: string[];
  propertyDependencies?: Record<string, string[]>;
  initErrors?: string[];
  protect?: boolean;
  taint?: boolean;
  retainOnDelete?: boolean;
  deletedWith?: string;
  replaceWith?: string[];
  additionalSecretOutputs?: string[];
  ignoreChanges?: string[];
  replaceOnChanges?: string[];
  replacementTrigger?: Value;
  hideDiff?: string[];
  customTimeouts?: CustomTimeouts;
  aliases?: string[];
  created?: string;
  modified?: string;
}

/** In seconds. */
export interface CustomTimeouts {
  create?: number;
  update?: number;
  delete?: number;
  read?: number;
}

export interface PendingOperation {
  resource: ResourceState;
  type: "creating" | "updating" | "deleting" | "reading";
}

export interface Snapshot {
  resources: ResourceState[];
  pending: PendingOperation[];
  /** The salt that the secrets were encrypted with, if the state came from a file. */
  salt?: string;
}

/** What `pulumi stack export` prints and `pulumi stack import` takes. */
export interface StateDocument {
  /** 3, or 4 where the state has what a reader of version 3 would not expect: `features` says what. */
  version: number;
  features?: string[];
  deployment: {
    manifest: { time: string; magic: string; version: string };
    secrets_providers?: { type: string; state?: { salt?: string } };
    resources?: StoredResource[];
    pending_operations?: { resource: StoredResource; type: PendingOperation["type"] }[];
    metadata?: object;
  };
}

export type StoredResource = Partial<ResourceState> & Pick<ResourceState, "urn" | "custom" | "type">;

const FORMAT = 3;
const FORMAT_WITH_FEATURES = 4;
/** The features that this engine knows, by the property of a resource that makes them one. */
const FEATURES = ["replaceWith", "taint"] as const;
const WRITER = "embedded-engine";
/** What a resource in the state may have that this engine would have to act on, and cannot. */
const REFUSED: Record<string, string> = {
  viewOf: "views of resources",
  refreshBeforeUpdate: "resources that are refreshed before each update",
  resourceHooks: "resource hooks",
  extensionRef: "provider extensions",
  snippetID: "snippets",
};

export async function writeDocument(snapshot: Snapshot, passphrase: () => string): Promise<StateDocument> {
  const states = [...snapshot.resources, ...snapshot.pending.map(({ resource }) => resource)];
  const hidden = JSON.stringify(states).includes(SECRET);
  // Making the key takes a second: not for a state that has nothing to hide.
  const crypter = hidden ? await crypterFor(snapshot, passphrase()) : undefined;
  const store = (state: ResourceState): StoredResource =>
    withoutEmpty(sealed(state, (text) => crypter?.encrypt(text) ?? ""));
  const pending = snapshot.pending.map(({ resource, type }) => ({ resource: store(resource), type }));
  const resources = snapshot.resources.map(store);
  const features = FEATURES.filter((feature) => resources.some((resource) => feature in resource));
  return {
    ...(features.length > 0 ? { version: FORMAT_WITH_FEATURES, features } : { version: FORMAT }),
    deployment: {
      manifest: {
        time: new Date().toISOString(),
        magic: createHash("sha256").update(WRITER).digest("hex"),
        version: WRITER,
      },
      ...(crypter && { secrets_providers: { type: "passphrase", state: { salt: crypter.salt } } }),
      resources,
      ...(pending.length > 0 && { pending_operations: pending }),
      metadata: {},
    },
  };
}

async function crypterFor(snapshot: Snapshot, passphrase: string): Promise<Crypter> {
  const crypter = snapshot.salt
    ? await Crypter.open(passphrase, snapshot.salt)
    : await Crypter.create(passphrase);
  snapshot.salt = crypter.salt;
  return crypter;
}

export async function readDocument(document: StateDocument, passphrase: () => string): Promise<Snapshot> {
  const { version, features = [], deployment } = document;
  if (version !== FORMAT && version !== FORMAT_WITH_FEATURES) {
    throw new Error(`the embedded engine reads states of version 3 and 4, not ${version}`);
  }
  const unknown = features.filter((feature) => !(FEATURES as readonly string[]).includes(feature));
  if (unknown.length > 0)
    throw new Error(`the embedded engine does not support ${unknown.join(", ")} in a state`);
  const kind = deployment.secrets_providers?.type;
  if (kind !== undefined && kind !== "passphrase") {
    throw new Error(`the embedded engine does not support the secrets provider ${kind}, only a passphrase`);
  }
  const salt = deployment.secrets_providers?.state?.salt;
  const sealedText = JSON.stringify(deployment).includes('"ciphertext"');
  const crypter = salt && sealedText ? await Crypter.open(passphrase(), salt) : undefined;
  const load = (stored: StoredResource): ResourceState => {
    const refused = Object.keys(REFUSED).find((key) => key in stored);
    if (refused)
      throw new Error(`the embedded engine does not support ${REFUSED[refused] ?? ""} (${stored.urn})`);
    return opened({ inputs: {}, outputs: {}, dependencies: [], ...stored }, crypter);
  };
  return {
    resources: (deployment.resources ?? []).map(load),
    pending: (deployment.pending_operations ?? []).map((operation) => ({
      resource: load(operation.resource),
      type: operation.type,
    })),
    ...(salt !== undefined && { salt }),
  };
}

function sealed(state: ResourceState, encrypt: (text: string) => string): ResourceState {
  const seal = (part: Value): Value | undefined => {
    if (!isSecret(part)) return undefined;
    const { value = null, ...signature } = part;
    return { ...signature, ciphertext: encrypt(JSON.stringify(value)) };
  };
  return overValues(state, seal);
}

function opened(state: ResourceState, crypter: Crypter | undefined): ResourceState {
  const open = (part: Value): Value | undefined => {
    if (!isSecret(part)) return undefined;
    const { plaintext, ciphertext } = part;
    const text = typeof ciphertext === "string" ? crypter?.decrypt(ciphertext) : plaintext;
    if (typeof text !== "string") throw new Error(`a secret of ${state.urn} without the salt to read it`);
    return secret(JSON.parse(text) as Value);
  };
  return overValues(state, open);
}

function overValues(state: ResourceState, change: (part: Value) => Value | undefined): ResourceState {
  const copy = { ...state };
  copy.inputs = transform(state.inputs, change) as Properties;
  copy.outputs = transform(state.outputs, change) as Properties;
  if (state.replacementTrigger !== undefined) {
    copy.replacementTrigger = transform(state.replacementTrigger, change);
  }
  return copy;
}

/** The format leaves out what is false, empty or absent; only `custom` is always written. */
function withoutEmpty(state: ResourceState): StoredResource {
  const empty = (value: unknown): boolean =>
    value === undefined ||
    value === null ||
    value === false ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0);
  const kept = Object.entries(state).filter(([key, value]) => key === "custom" || !empty(value));
  return Object.fromEntries(kept) as unknown as StoredResource;
}

/** Everything a resource refers to, save its parent. */
export function dependenciesOf(state: ResourceState): string[] {
  const urns = [
    ...state.dependencies,
    ...Object.values(state.propertyDependencies ?? {}).flat(),
    ...(state.replaceWith ?? []),
  ];
  if (state.deletedWith) urns.push(state.deletedWith);
  return urns;
}
