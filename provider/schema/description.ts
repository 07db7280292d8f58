import type { Input, Output } from "@pulumi/pulumi";
import type { Image } from "../api/images";
import { anything, type JsonSchema, type Kind } from "./kinds";

// A description says two things of each property besides its kind: how its value comes to be (`Given`), and what a change of it does
// (`Change`). Everything else follows: a program's arguments are what it states, a resource's outputs what it states or is told; check goes
// over what is stated, diff over what a change of is more than a hint; requests and reads are made of those that are the image's fields.

/**
 * What a change of a property does: `replace` makes a new resource and deletes the old one, `update` changes it in place,
 * `setting` is only remembered: it is about how we work, not about the image. A `hint` is for this run alone, and never a change.
 */
export type Change = "replace" | "update" | "setting" | "hint";

/**
 * Whether a program states it: it must (`required`), it may (`optional`), it may and there is a default (`default`), or the settings say
 * what it does not (`configured`). Or it arrives by another way (`internal`), is only told (`output`), or is ours to keep in the state (`kept`).
 */
export type Given = "required" | "optional" | "default" | "configured" | "internal" | "output" | "kept";

/** One property of a resource. Its doc comment, at the place where it is described, is what users read of it. */
export interface Property<T, G extends Given, C extends Change = Change> {
  readonly kind: Kind<T>;
  readonly given: G;
  readonly change: C;
  readonly default?: T;
  /** Of one that programs may take for theirs to state: why it is not, as the end of a sentence that begins with its name. */
  readonly refusal?: string;
}

export function required<T, C extends Change>(kind: Kind<T>, change: C): Property<T, "required", C> {
  return { kind, given: "required", change };
}

export function optional<T, C extends Change>(kind: Kind<T>, change: C): Property<T, "optional", C> {
  return { kind, given: "optional", change };
}

export function byDefault<T, C extends Change>(
  value: T,
  kind: Kind<T>,
  change: C,
): Property<T, "default", C> {
  return { kind, given: "default", change, default: value };
}

export function configured<T, C extends Change>(kind: Kind<T>, change: C): Property<T, "configured", C> {
  return { kind, given: "configured", change };
}

export function internal<T, C extends Change>(change: C): Property<T, "internal", C> {
  return { kind: anything<T>(), given: "internal", change };
}

export function kept<T>(): Property<T, "kept", "hint"> {
  return { kind: anything<T>(), given: "kept", change: "hint" };
}

/** What programs may take for theirs to state, and is not: who does is told why. */
export function notStated(refusal: string): Property<never, "kept", "hint"> {
  return { kind: anything<never>(), given: "kept", change: "hint", refusal };
}

/** A field of the image, told as the service shows it. Its type is that of the image's field of the same name. */
export const output: Property<unknown, "output", "hint"> = {
  kind: anything(),
  given: "output",
  change: "hint",
};

/** A property that is only told, and is no field of the image. */
export function outputOf<T>(kind: Kind<T> = anything<T>()): Property<T, "output", "hint"> {
  return { kind, given: "output", change: "hint" };
}

/** A resource's properties by name: a bare literal, so that its comments survive into the types that are made of it. */
export type Description = Readonly<Record<string, Property<unknown, Given>>>;

type Value<P> = P extends Property<infer T, Given> ? T : never;
type GivenOf<P> = P extends Property<unknown, infer G> ? G : never;
type ChangeOf<P> = P extends Property<unknown, Given, infer C> ? C : never;

/** The names of those properties that are given in one of these ways. */
export type NamesGiven<D, G extends Given> = { [K in keyof D]: GivenOf<D[K]> extends G ? K : never }[keyof D];

/** The names of those properties that a change does this to. */
export type NamesChanged<D, C extends Change> = {
  [K in keyof D]: ChangeOf<D[K]> extends C ? (GivenOf<D[K]> extends "output" ? never : K) : never;
}[keyof D];

// Mapped over `keyof D`, so that each property keeps the doc comment that it has in the description.

/** What a program states. */
export type Args<D> = {
  [K in keyof D as GivenOf<D[K]> extends "required" ? K : never]: InputOf<Value<D[K]>>;
} & {
  [K in keyof D as GivenOf<D[K]> extends "optional" | "default" | "configured" ? K : never]?: InputOf<
    Value<D[K]>
  >;
};

/** What a call states, all of it known at once. */
export type CallArgs<D> = {
  [K in keyof D as GivenOf<D[K]> extends "required" ? K : never]: Value<D[K]>;
} & {
  [K in keyof D as GivenOf<D[K]> extends "optional" | "default" | "configured" ? K : never]?: Value<D[K]>;
};

type InputOf<T> = T extends object ? Input<{ [K in keyof T]: Input<T[K]> }> : Input<T>;

/** What a service may make of a word: any text. */
type AnyText<T> = T extends string ? string : T;

/** The value that a property has in the end. */
type ValueInTheEnd<K, P> =
  GivenOf<P> extends "output"
    ? OutputValue<K, P>
    : GivenOf<P> extends "optional"
      ? AnyText<Value<P>> | undefined
      : AnyText<Value<P>>;

/** Of a field of the image, its type there. */
type OutputValue<K, P> = unknown extends Value<P> ? (K extends keyof Image ? Image[K] : unknown) : Value<P>;

/** What a resource offers to the rest of a program. */
export type Outputs<D> = {
  readonly [K in keyof D as GivenOf<D[K]> extends "internal" | "kept" ? never : K]: Output<
    ValueInTheEnd<K, D[K]>
  >;
};

/** What check lets through, and the hooks work with. */
export type Inputs<D> = { [K in NamesGiven<D, "required" | "default" | "configured">]: Value<D[K]> } & {
  [K in NamesGiven<D, "optional" | "internal">]?: Value<D[K]>;
};

/** What the state holds of a resource: any of it may be missing, since an older version may have written it. */
export type State<D> = { [K in keyof Inputs<D>]?: Inputs<D>[K] } & {
  [K in NamesGiven<D, "kept">]?: Value<D[K]>;
} & {
  [K in NamesGiven<D, "output">]?: OutputValue<K, D[K]>;
};

/** Properties as the engine hands them over, and takes them back. */
export type Properties = Record<string, unknown>;

/** The border where the engine's values come in: what check has let through is what its description says. */
export function asInputs<D extends Description>(_: D, properties: Properties): Inputs<D> {
  return properties as Inputs<D>;
}

/** The same for what the state holds, which this package wrote. */
export function asState<D extends Description>(_: D, properties: Properties): State<D> {
  return properties as State<D>;
}

/** The names of the properties that are given in one of these ways. */
export function namesGiven(description: Description, ...given: readonly Given[]): string[] {
  return Object.keys(description).filter((name) => given.includes(propertyOf(description, name).given));
}

/** The names of the properties that are only told. */
export function namesOfOutputs<D extends Description>(description: D): NamesGiven<D, "output">[] {
  return namesGiven(description, "output") as NamesGiven<D, "output">[];
}

/** The names of the properties that a change does this to. */
export function namesChanged<D extends Description, C extends Change>(
  description: D,
  change: C,
): NamesChanged<D, C>[] {
  const names = Object.keys(description).filter((name) => {
    const property = propertyOf(description, name);
    return property.change === change && property.given !== "output";
  });
  return names as NamesChanged<D, C>[];
}

/** What is described and can change, and yet is no field of an image: the reason. All else, the client must know by its name. */
export const notOfTheImage = {
  region: "says where the image is",
  environment: "says where the image is",
  serverId: "is what the image is made of, which it does not tell",
  tags: "is another service's",
  imageId: "is called id in the image itself, and names which one it is",
  sha256: "is of the file alone: SCP has other hashes",
  nameRegex: "says which image is looked up",
  mostRecent: "says which image is looked up",
  pin: "says when an image is looked up",
  version: "is what a manifest calls an image",
  keep: "is of the images that an entry has had",
  channels: "is of the images that an entry has had",
  generations: "is of the images that an entry has had",
  sharedWith: "is of the image's members, which Show Image does not tell",
  memberId: "is of the image's members, which Show Image does not tell",
  accept: "is a member's answer, which Show Image does not tell",
} as const;

/** The names of those properties that are fields of the image, and that a change does this to. */
export type ImageNames<D, C extends Change> = Exclude<NamesChanged<D, C>, keyof typeof notOfTheImage>;

export function imageNames<D extends Description, C extends Change>(
  description: D,
  change: C,
): ImageNames<D, C>[] {
  return namesChanged(description, change).filter(
    (name): name is ImageNames<D, C> => !Object.hasOwn(notOfTheImage, name),
  );
}

/** Of a name that the description has. */
export function propertyOf(description: Description, name: string): Property<unknown, Given> {
  const property = Object.hasOwn(description, name) ? description[name] : undefined;
  if (property === undefined) {
    throw new Error(`There is no property ${name}.`);
  }
  return property;
}

/** The JSON Schema of one property. */
export interface PropertySchema extends JsonSchema {
  description?: string;
  default?: unknown;
}

/** The names of what a program may state. */
export type StatedNames<D> = NamesGiven<D, "required" | "optional" | "default" | "configured"> & string;

/** The JSON Schema of what a program may state. */
export interface ObjectSchema<Names extends string> {
  type: "object";
  properties: Record<Names, PropertySchema>;
  required: string[];
  additionalProperties: false;
}

/** What a program may state, as JSON Schema, with these descriptions. */
export function jsonSchemaOf<D extends Description>(
  description: D,
  documentation: Record<string, string> = {},
): ObjectSchema<StatedNames<D>> {
  const stated = namesGiven(description, "required", "optional", "default", "configured");
  const schemaOf = (name: string): PropertySchema => {
    const { kind, default: value } = propertyOf(description, name);
    return { ...kind.json, description: documentation[name], default: value };
  };
  const properties = Object.fromEntries(stated.map((name) => [name, schemaOf(name)]));
  return {
    type: "object",
    properties: properties as Record<StatedNames<D>, PropertySchema>,
    required: namesGiven(description, "required"),
    additionalProperties: false,
  };
}
