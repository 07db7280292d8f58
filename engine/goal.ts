// What a program asks for, one resource at a time.

import type { CustomTimeouts, ResourceState } from "./state";
import type { Properties, Value } from "./values";

export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  properties: Properties;
  parent?: string;
  provider?: string;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  aliases: Alias[];
  protect?: boolean;
  retainOnDelete?: boolean;
  deletedWith?: string;
  replaceWith: string[];
  replacementTrigger?: Value;
  deleteBeforeReplace?: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  hideDiff: string[];
  customTimeouts: CustomTimeouts;
}

/** A former urn, or the parts of it that differ from the present one. */
export type Alias =
  | { urn: string }
  | {
      urn?: undefined;
      name?: string;
      type?: string;
      parent?: string;
      noParent?: boolean;
      project?: string;
      stack?: string;
    };

/** What `get` asks for. */
export interface ReadGoal {
  type: string;
  name: string;
  id: string;
  properties: Properties;
  parent?: string;
  provider: string;
  dependencies: string[];
  additionalSecretOutputs: string[];
}

export type Answer = (state: ResourceState) => void;

/** What the program sends. `answer` lets it go on. */
export type ProgramEvent =
  | { kind: "register"; goal: Goal; answer: Answer }
  | { kind: "read"; goal: ReadGoal; answer: Answer }
  | { kind: "outputs"; urn: string; outputs: Properties; answer: () => void };
