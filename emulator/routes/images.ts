import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import { ApiError, type JsonObject, conflict, forbidden, invalid, json, notFound } from "../http";
import { isOwner, mayShow, membership, newImage, spelled, touch, without } from "../images";
import { isReadable } from "../importer";
import { ownObjectAddress } from "../objectUrl";
import type { Account } from "../settings";
import type { ImageBody, StoredImage } from "../store";
import { tagsGiven } from "../tags";
import { type Shape, check, flag, oneOf, queryNumber, tagList, text, whole } from "../validation";
import type { ApiCall, Route } from "./route";

const distros = ["alma", "centos", "rhel", "rocky", "ubuntu", "windows", "oracle", "sles"];
const writableVisibilities = oneOf("private", "shared");

const importShape: Shape = {
  url: { rule: text(1, 255), required: true },
};

const createShape: Shape = {
  name: { rule: text(1, 255, /^[a-zA-Z0-9\-_ ]*$/), required: true },
  os_distro: {
    rule: oneOf(...distros),
    required: true,
    words: 'Field "os_distro" is invalid. Example: "alma"',
  },
  url: { rule: text(1, 255), required: true },
  container_format: { rule: oneOf("bare"), emptyable: true },
  disk_format: { rule: oneOf("qcow2"), emptyable: true },
  min_disk: { rule: whole(0) },
  min_ram: { rule: whole(0, 2097151) },
  protected: { rule: flag },
  visibility: { rule: writableVisibilities, emptyable: true },
  tags: { rule: tagList, nullable: true },
};

const setShape: Shape = {
  min_disk: { rule: whole(0), nullable: true },
  min_ram: { rule: whole(0, 2097151), nullable: true },
  protected: { rule: flag, nullable: true },
  visibility: { rule: writableVisibilities, nullable: true, emptyable: true },
};

export function imageRoutes(cloud: Cloud): Route[] {
  const one = /^\/v1\/images\/([^/]+)$/;
  return [
    { operation: "listImages", method: "GET", path: /^\/v1\/images$/, answer: (call) => list(cloud, call) },
    {
      operation: "createImage",
      method: "POST",
      path: /^\/v1\/images$/,
      answer: (call) => create(cloud, call),
    },
    {
      operation: "showImage",
      method: "GET",
      path: one,
      answer: (call) => json(200, shown(cloud, find(cloud, call), call)),
    },
    { operation: "updateImage", method: "PUT", path: one, answer: (call) => update(cloud, call) },
    { operation: "deleteImage", method: "DELETE", path: one, answer: (call) => remove(cloud, call) },
    {
      operation: "importImage",
      method: "POST",
      path: /^\/v1\/images\/([^/]+)\/import$/,
      answer: (call) => startImport(cloud, call),
    },
    {
      operation: "createSharingImage",
      method: "POST",
      path: /^\/v1\/images\/([^/]+)\/share$/,
      answer: (call) => makeSharedCopy(cloud, call),
    },
    {
      operation: "listPendingImages",
      method: "GET",
      path: /^\/v1\/pending-images$/,
      answer: (call) => listPending(cloud, call),
    },
  ];
}

/** The image that the path names, if the caller may see it: another account's private one does not exist for it. */
export function find(cloud: Cloud, call: ApiCall): StoredImage {
  const image = seen(cloud, call);
  if (!image) throw notFound(`No image found with ID ${call.params[0]}`);
  return image;
}

function seen(cloud: Cloud, call: ApiCall): StoredImage | undefined {
  const image = cloud.store.images.get(call.params[0] ?? "");
  return image && mayShow(image, call.account) && !cloud.isHidden(image) ? image : undefined;
}

/** Versions 1.0 and 1.1 do not know `scp_gpu_driver`. */
function shown(cloud: Cloud, image: StoredImage, call: ApiCall): Partial<ImageBody> {
  const body = spelled(image.body, cloud.settings);
  return call.version >= 2 ? body : without(body, "scp_gpu_driver");
}

async function create(cloud: Cloud, call: ApiCall) {
  const given = call.body();
  check(given, createShape);
  const tags = tagsGiven(given, cloud.settings);
  const address = sourceAddress(cloud, call.account, given);
  if (!(await isReadable(address))) throw invalidUrl();

  const fields = without(known(given, createShape), "tags");
  const image = newImage(randomUUID(), call.account, cloud.now(), fields);
  cloud.addImage(image, tags);
  if (cloud.settings.importsBy === "create") cloud.importer.start(image, String(given.url));
  return json(200, shown(cloud, image, call));
}

function startImport(cloud: Cloud, call: ApiCall) {
  const given = call.body();
  check(given, importShape);
  sourceAddress(cloud, call.account, given);
  const image = find(cloud, call);
  if (!isOwner(image, call.account)) throw notFound(`No image found with ID ${image.body.id}`);
  refuseSecondImport(cloud, image);

  touch(image, cloud.now(), { url: String(given.url) });
  cloud.importer.start(image, String(given.url));
  return { status: 202 };
}

function refuseSecondImport(cloud: Cloud, image: StoredImage): void {
  const { id, status } = image.body;
  if (status === "active") throw conflict(`Image with status active cannot be target for import`);
  if (status !== "queued") throw conflict(`Image needs to be in 'queued' state to use 'import' method`);
  if (cloud.importer.isRunning(id)) throw conflict(`Image has active task`);
}

/** What can be said of a url without asking Object Storage. */
function sourceAddress(cloud: Cloud, account: Account, given: JsonObject): URL {
  const url = String(given.url);
  if (!url.endsWith(".qcow2")) throw invalid(["URL must end with '.qcow2'"]);
  const address = ownObjectAddress(url, account.accountId, cloud.settings, cloud.url);
  if (!address) throw invalidUrl();
  return address;
}

const invalidUrl = () =>
  new ApiError(400, "Image.InvalidObjectStorageUrl", "Object Storage URL for the Image file is invalid.");

function update(cloud: Cloud, call: ApiCall) {
  const image = findOwn(cloud, call);
  const given = call.body();
  check(given, setShape, "refused");
  const change = known(given, setShape);
  if (image.body.volumes !== null && change.min_disk !== undefined) {
    const detail = "min_disk of an image that has volumes cannot be updated.";
    throw new ApiError(400, "Image.InvalidVolumeOnMinDiskUpdate", detail);
  }
  touch(image, cloud.now(), change);
  cloud.store.changed();
  return json(200, shown(cloud, image, call));
}

async function remove(cloud: Cloud, call: ApiCall) {
  const image = seen(cloud, call);
  if (!image) throw notFound(`Failed to find image ${call.params[0]} to delete`);
  if (!isOwner(image, call.account)) throw forbidden("You are not permitted to delete this image.");
  if (image.body.protected) throw forbidden(`Image ${image.body.id} is protected and cannot be deleted.`);
  await cloud.deleteImage(image);
  return { status: 204 };
}

/** For changes: whoever sees an image but does not own it is refused, instead of told that it is not there. */
export function findOwn(cloud: Cloud, call: ApiCall): StoredImage {
  const image = find(cloud, call);
  if (!isOwner(image, call.account)) throw forbidden("You are not permitted to modify this image.");
  return image;
}

/** The members of a checked body that its shape knows, without those left out, by null or an empty text too. */
function known(given: JsonObject, shape: Shape): JsonObject {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([name, value]) => name in shape && ![undefined, null, ""].includes(value as string),
    ),
  );
}

/** The reference tells only that a shared copy is made, so the copy is what the image is, under an id of its own. */
function makeSharedCopy(cloud: Cloud, call: ApiCall) {
  const image = findOwn(cloud, call);
  if (image.body.status !== "active") throw conflict("Only an active image can be shared.");
  const same = without(image.body, "id", "created_at", "updated_at", "file");
  const copy = newImage(randomUUID(), call.account, cloud.now(), {
    ...same,
    visibility: "shared",
    protected: false,
  });
  cloud.addImage(copy);
  return { status: 202 };
}

const equalities = [
  "name",
  "os_distro",
  "status",
  "visibility",
  "scp_image_type",
  "scp_original_image_type",
] as const;
const sortKeys = [
  "created_at",
  "updated_at",
  "name",
  "status",
  "size",
  "id",
  "min_disk",
  "min_ram",
  "os_distro",
] as const;
type SortKey = (typeof sortKeys)[number];

function list(cloud: Cloud, call: ApiCall) {
  const limit = queryNumber(call.query, "limit", 20, 1, 1000);
  const visibility = call.query.get("visibility");
  if (visibility && !["public", "community", "shared", "private"].includes(visibility)) {
    throw invalid(['Query "visibility" must be one of public, community, shared, private.']);
  }
  const inOrder = order(call.query.get("sort"));
  const listed = oldEnough(cloud).filter((image) => isListed(image, call.account, visibility));
  const rest = after(call.query.get("marker"), listed, inOrder);
  const page = rest.filter((image) => matches(image.body, call.query)).slice(0, limit);
  return json(200, { images: page.map((image) => shown(cloud, image, call)) });
}

function listPending(cloud: Cloud, call: ApiCall) {
  const pending = oldEnough(cloud)
    .filter((image) => membership(image, call.account)?.status === "pending")
    .filter((image) => matches(image.body, call.query))
    .sort(order(null));
  return json(200, { images: pending.map((image) => shown(cloud, image, call)) });
}

function oldEnough(cloud: Cloud): StoredImage[] {
  return [...cloud.store.images.values()].filter((image) => !cloud.isHidden(image));
}

/** One's own, the public ones, and what was accepted. Community images come only when they are asked for. */
function isListed(image: StoredImage, account: Account, visibility: string | null): boolean {
  if (isOwner(image, account) || image.body.visibility === "public") return true;
  if (image.body.visibility === "community") return visibility === "community";
  return membership(image, account)?.status === "accepted";
}

function matches(image: ImageBody, query: URLSearchParams): boolean {
  return equalities.every((name) => !query.get(name) || image[name] === query.get(name));
}

type Order = (one: StoredImage, other: StoredImage) => number;

/** `created_at:desc` and the like, several parted by commas. The id decides between equals. */
function order(sort: string | null): Order {
  const parts = (sort ? sort.split(",") : ["created_at:desc"]).map((part) => {
    const [key = "", direction = "desc"] = part.trim().split(":");
    if (!(sortKeys as readonly string[]).includes(key) || !["asc", "desc"].includes(direction)) {
      throw invalid([`Query "sort" is invalid: "${part}". Example: "created_at:desc"`]);
    }
    return { key: key as SortKey, sign: direction === "asc" ? 1 : -1 };
  });
  parts.push({ key: "id", sign: parts.at(-1)?.sign ?? -1 });
  return (one, other) => {
    for (const { key, sign } of parts) {
      const by = compare(one.body[key], other.body[key]);
      if (by !== 0) return by * sign;
    }
    return 0;
  };
}

function compare(one: string | number | null, other: string | number | null): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  return one < other ? -1 : 1;
}

/** What comes after the marker. One that is not there, or not any more, is an error and no empty page. */
function after(marker: string | null, images: StoredImage[], inOrder: Order): StoredImage[] {
  const ordered = images.sort(inOrder);
  if (!marker) return ordered;
  const at = ordered.findIndex((image) => image.body.id === marker);
  if (at < 0) throw invalid([`The marker ${marker} is not an image.`]);
  return ordered.slice(at + 1);
}
