import type { Cloud } from "../cloud";
import { clientEnvironment } from "../environment";
import type { Fault } from "../faults";
import {
  ApiError,
  type Call,
  type JsonObject,
  type Reply,
  isObject,
  json,
  notFound,
  parseObject,
  readBody,
} from "../http";
import type { Room } from "../server";
import type { Settings } from "../settings";
import type { ImageBody } from "../store";
import { objectsOf, uploadsOf } from "../storage/seen";
import { unkindShape } from "../unkind";
import { type Shape, check, flag, oneOf, whole } from "../validation";

/** What only the emulator has, under `/_emulator/`: unsigned, and for whoever runs on this machine. */
export function controlRoom(cloud: Cloud): Room {
  return (call) => ({ operation: "control", work: () => answer(cloud, call).catch(refusal) });
}

const settable: Shape = {
  importMs: { rule: whole(0) },
  queuedMs: { rule: whole(0) },
  snapshotMs: { rule: whole(0) },
  standardImages: { rule: flag },
  importsBy: { rule: oneOf("create", "import") },
  pathForms: { rule: oneOf("both", "colon") },
  ...unkindShape,
};

type Action = (cloud: Cloud, id: string, call: Call) => unknown;

/** `:id` stands for one part of the path. What an action returns is the answer's JSON; nothing, a 204. */
const actions: Record<string, Action> = {
  "GET images": (cloud, _id, call) => cloud.images({ standard: call.query.get("standard") === "true" }),
  "POST images": async (cloud, _id, call) => cloud.addImages(await imagesGiven(call)),
  "GET images/:id": (cloud, id) => cloud.raw(stored(cloud, id)),
  "PATCH images/:id": async (cloud, id, call) => cloud.setImage(id, await body(call)),
  "DELETE images/:id": (cloud, id) => cloud.removeImage(id),
  // Answers when the image's import or snapshot under way has ended.
  "GET settled/:id": async (cloud, id) => {
    await cloud.works.settled(id);
    return cloud.raw(stored(cloud, id));
  },
  "GET servers": (cloud) => [...cloud.store.servers.values()],
  "POST servers": async (cloud, _id, call) => cloud.addServer(await body(call)),
  "GET deleted": (cloud) => cloud.deleted,
  "GET objects": (cloud) => objectsOf(cloud.store),
  "GET uploads": (cloud) => uploadsOf(cloud.store),
  "GET stats": (cloud) => cloud.journal.stats(),
  "GET requests": (cloud) => cloud.journal.requests(),
  "GET faults": (cloud) => cloud.faults.list(),
  "POST faults": async (cloud, _id, call) => cloud.faults.add((await body(call)) as unknown as Fault),
  "DELETE faults": (cloud) => {
    cloud.faults.clear();
  },
  "DELETE faults/:id": (cloud, id) => {
    cloud.faults.clear(Number(id));
  },
  "GET settings": (cloud) => settings(cloud),
  "PATCH settings": async (cloud, _id, call) => {
    const change = await body(call);
    check(change, settable, "refused");
    Object.assign(cloud.settings, change as Partial<Settings>);
    return settings(cloud);
  },
  "POST reset": (cloud) => cloud.reset(),
};

async function answer(cloud: Cloud, call: Call): Promise<Reply> {
  const [, , what = "", id] = call.path.split("/").map(decodeURIComponent);
  const name = `${call.method} ${what}${id === undefined ? "" : "/:id"}`;
  const action = actions[name];
  if (!action) throw notFound(`The emulator has no ${name}. It has: ${Object.keys(actions).join(", ")}.`);
  const value = await action(cloud, id ?? "", call);
  return value === undefined ? { status: 204 } : json(200, value);
}

async function body(call: Call): Promise<JsonObject> {
  return parseObject(await readBody(call.source));
}

async function imagesGiven(call: Call): Promise<Partial<ImageBody>[]> {
  const { images } = await body(call);
  if (Array.isArray(images) && images.every(isObject)) return images;
  throw new ApiError(400, "Emulator.InvalidImage", 'The body is { "images": [ … ] }.');
}

function stored(cloud: Cloud, id: string) {
  const image = cloud.findImage(id);
  if (!image) throw notFound(`There is no image ${id}.`);
  return image;
}

function settings(cloud: Cloud) {
  return { ...cloud.settings, url: cloud.url, objectStorageUrl: cloud.url, env: clientEnvironment(cloud) };
}

function refusal(error: unknown): Reply {
  if (error instanceof ApiError) return error.reply();
  return json(500, { errors: [{ detail: isObject(error) ? String(error.message) : String(error) }] });
}
