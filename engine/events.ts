// What a deployment tells while it runs, and when it is done.

import type { Op } from "./steps";
import type { Properties } from "./values";

export type Severity = "debug" | "info" | "warning" | "error";

export interface Diagnostic {
  severity: Severity;
  message: string;
  /** Empty when it is about no resource. */
  urn: string;
}

export interface StepRecord {
  op: Op;
  urn: string;
  type: string;
  name: string;
}

export type OperationKind = "up" | "preview" | "refresh" | "destroy";

export type EngineEvent =
  | { kind: "begin"; operation: OperationKind; preview: boolean; stack: string; project: string }
  | { kind: "step-begin"; step: StepRecord }
  | { kind: "step-end"; step: StepRecord; seconds: number; failed: boolean }
  | { kind: "diagnostic"; diagnostic: Diagnostic; ephemeral: boolean }
  | { kind: "end"; result: Result; failed: boolean };

/** How many resources each thing happened to. */
export type Summary = Partial<Record<Op, number>>;

export interface Result {
  operation: OperationKind;
  preview: boolean;
  /** The stack's outputs, secrets in clear. */
  outputs: Properties;
  /** The names of the outputs that are secret. */
  secretOutputs: string[];
  summary: Summary;
  /** Every step, parts of replacements too, in the order in which they ended. */
  steps: StepRecord[];
  diagnostics: Diagnostic[];
  seconds: number;
}

export class DeploymentError extends Error {
  constructor(
    message: string,
    readonly result: Result,
  ) {
    super(message);
  }
}

/** The message of an error, and what it was before it was wrapped in gRPC's words. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "details" in error && typeof error.details === "string" ? error.details : error.message;
}
