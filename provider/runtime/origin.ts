import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import type { Properties } from "../properties";

/** The hooks of `Origin`: an id that is made once. There is nothing to it in the cloud. */
export const check = (): Promise<dynamic.CheckResult> => Promise.resolve({ inputs: {} });

export const diff = (): Promise<dynamic.DiffResult> => Promise.resolve({ changes: false });

export const create = (): Promise<dynamic.CreateResult> => Promise.resolve({ id: randomUUID(), outs: {} });

export const read = (id: string, props: Properties = {}): Promise<dynamic.ReadResult> =>
  Promise.resolve({ id, props });

export const update = (_id: string, olds: Properties): Promise<dynamic.UpdateResult> =>
  Promise.resolve({ outs: olds });

const remove = (): Promise<void> => Promise.resolve();
export { remove as delete };
