import type { Properties } from "../schema/description";
import type { CheckFailure } from "../schema/check";
import type { Difference } from "../schema/diff";

/** What check answers: the inputs with their defaults, or what is wrong with them. */
export interface Checked {
  inputs: Properties;
  failures: CheckFailure[];
}

/** What a resource is after an operation. */
export interface Resource {
  id: string;
  outputs: Properties;
}

/** What a read found: undefined where the resource is gone. */
export type Found = (Resource & { inputs: Properties }) | undefined;

/** The life of a resource, whatever engine drives it. */
export interface Lifecycle {
  /** @param olds the inputs before; undefined for a resource that is to be made */
  check: (olds: Properties | undefined, news: Properties) => Promise<Checked>;
  /** @param olds the outputs before */
  diff: (id: string, olds: Properties, news: Properties) => Promise<Difference>;
  create: (inputs: Properties) => Promise<Resource>;
  /** @param olds the outputs before; undefined for a resource that is only looked up */
  read: (id: string, olds: Properties | undefined) => Promise<Found>;
  update: (id: string, olds: Properties, news: Properties) => Promise<Resource>;
  delete: (id: string, olds: Properties) => Promise<void>;
}
