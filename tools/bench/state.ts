// How long things in a state are. Exact, so tests hold it against the targets.

import type { ImageBody } from "../../emulator";

/** All that Show can tell of an image beyond what a plain one has, in the API's own names. */
export const allShown: Partial<ImageBody> = {
  scp_gpu_driver: "nvidia-570.86",
  scp_k8s_version: "v1.31.8",
  scp_original_image_type: "standard",
  scp_os_build_version: "20260923",
  scp_os_version: "24.04",
  volumes: "[]", // only an image that was made from a server has any
};

export interface StateSize {
  /** Bytes of the whole, as exported, for each image. */
  bytesAnImage: number;
  /** How many of them are stack traces: the CLI notes of every resource, anybody's, where in the program it was declared. */
  tracesAnImage: number;
  /** The length of `__provider`, by resource type. */
  provider: Record<string, number>;
}

interface State {
  deployment: { resources: { type: string; inputs?: { __provider?: unknown } }[] };
}

/** @param exported the text of `pulumi stack export` */
export function sizeOf(exported: string, images: number): StateSize {
  const { resources } = (JSON.parse(exported) as State).deployment;
  const lengths = resources.flatMap(({ type, inputs }) =>
    typeof inputs?.__provider === "string" ? [[type, inputs.__provider.length] as const] : [],
  );
  return {
    bytesAnImage: Buffer.byteLength(exported) / images,
    tracesAnImage: (length(JSON.parse(exported)) - length(JSON.parse(exported, withoutTraces))) / images,
    provider: Object.fromEntries(lengths),
  };
}

function length(state: unknown): number {
  return Buffer.byteLength(JSON.stringify(state, null, 4));
}

function withoutTraces(key: string, value: unknown): unknown {
  return key === "stackTrace" ? undefined : value;
}
