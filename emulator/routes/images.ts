import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import { ApiError, type JsonObject, conflict, forbidden, invalid, json, notFound } from "../http";
import { isOwner, newImage, touch, without } from "../images";
import { isReadable } from "../importer";
import { ownObjectAddress } from "../objectUrl";
import type { Account } from "../settings";
import type { StoredImage } from "../store";
import { tagsGiven } from "../tags";
import { type Shape, check, flag, oneOf, tagList, text, whole } from "../validation";
import { list, listPending } from "./listing";
import type { ApiCall, Route } from "./route";
import { find, findOwn, seen, shown } from "./visible";

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
  if (cloud.works.isRunning(id)) throw conflict(`Image has active task`);
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

/** The members of a checked body that its shape knows, without those left out, by null or an empty text too. */
function known(given: JsonObject, shape: Shape): JsonObject {
  return Object.fromEntries(
    Object.entries(given).filter(
      ([name, value]) => name in shape && ![undefined, null, ""].includes(value as string),
    ),
  );
}

/**
 * The reference tells only that a shared copy is made: not of whose, of what name, when it is there, or how its id is
 * learnt. So the copy is what the image is, at once, under an id of its own; no members or tags come along.
 */
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
