import { kind, type Unkindness } from "../../emulator/unkind";

const tagOperations = ["findTags", "listTags", "setTags", "deleteTag", "deleteTags", "updateTagValue"];
const denied = (status: number, ...operations: string[]): Partial<Unkindness> => ({
  denied: operations.map((operation) => ({ operation, status })),
});

/** What a service may be like beside the faults that strike it: nothing known of the live one forbids it. */
export const conditions: Record<string, Partial<Unkindness>> = {
  kind: {},
  "tags shown late": { tagLagMs: 5_000 },
  "tags shown very late": { tagLagMs: 10 * 60_000 },
  "images shown late": { showLagMs: 5_000 },
  "small pages, from 1": { tagPageCap: 1, tagFirstPage: 1 },
  "urls encoded": { echo: "encoded" },
  "words in capitals": { echo: "upper" },
  "GPU images": { gpuImages: true },
  "empty GPU driver": { emptyGpuDriver: true },
  "no access keys (403)": denied(403, "listAccessKeys"),
  "no access keys (405)": denied(405, "listAccessKeys"),
  "tags not deleted (403)": denied(403, "deleteTag", "deleteTags"),
  "tags not found (400)": denied(400, "findTags"),
  "tags not touched (401)": denied(401, ...tagOperations),
  "tags not touched (503)": denied(503, ...tagOperations),
  "tag policy": { tagPolicy: "^pulumi-scp-images$" },
};

/** Makes an emulator's settings these, and all others kind. */
export function become(options: Unkindness, condition: Partial<Unkindness>): void {
  Object.assign(options, kind, condition);
}

/** Whether images get, and keep for sure, only the tags that the program declares: what the goals' own tags need. */
export function tagsWork({ denied: refused = [] }: Partial<Unkindness>): boolean {
  return !refused.some(({ operation }) => ["listTags", "setTags"].includes(operation));
}
