import type { Cloud } from "../cloud";
import { conflict, forbidden, json, notFound } from "../http";
import { isOwner, membersOf, timestamp } from "../images";
import type { Member, StoredImage } from "../store";
import { type Shape, check, oneOf, text } from "../validation";
import type { ApiCall, Route } from "./route";
import { find } from "./visible";

const addShape: Shape = { member_id: { rule: text(1, 64, /^[A-Za-z0-9-]*$/), required: true } };
const setShape: Shape = { status: { rule: oneOf("pending", "accepted", "rejected"), required: true } };

/** Sharing an image with other accounts: the owner offers, the member itself accepts or rejects. */
export function memberRoutes(cloud: Cloud): Route[] {
  const all = /^\/v1\/images\/([^/]+)\/members$/;
  const one = /^\/v1\/images\/([^/]+)\/members\/([^/]+)$/;
  return [
    { operation: "listImageMembers", method: "GET", path: all, answer: (call) => list(cloud, call) },
    { operation: "createImageMember", method: "POST", path: all, answer: (call) => add(cloud, call) },
    { operation: "showImageMember", method: "GET", path: one, answer: (call) => show(cloud, call) },
    { operation: "updateImageMember", method: "PUT", path: one, answer: (call) => setStatus(cloud, call) },
    { operation: "deleteImageMember", method: "DELETE", path: one, answer: (call) => remove(cloud, call) },
  ];
}

function list(cloud: Cloud, call: ApiCall) {
  const image = findShared(cloud, call);
  const members = membersOf(image, cloud.settings).filter((member) => mayKnow(image, member.member_id, call));
  return json(200, { members: members.map((member) => shown(image, member)) });
}

function add(cloud: Cloud, call: ApiCall) {
  const image = findShared(cloud, call);
  refuseOthers(image, call);
  const given = call.body();
  check(given, addShape, "refused");
  const id = String(given.member_id);
  if (image.members.some((member) => member.member_id === id)) {
    throw conflict(`${id} is a member of image ${image.body.id} already.`);
  }
  const addedMs = cloud.now();
  const now = timestamp(addedMs);
  const member: Member = { member_id: id, status: "pending", created_at: now, updated_at: now, addedMs };
  image.members.push(member);
  cloud.store.changed();
  return json(200, shown(image, member));
}

function show(cloud: Cloud, call: ApiCall) {
  const image = find(cloud, call);
  // The one operation on members for which Glance hides the refusal that the others give.
  if (image.body.visibility !== "shared") throw notFound(`Image ${image.body.id} has no members.`);
  return json(200, shown(image, findMember(cloud, image, call)));
}

function setStatus(cloud: Cloud, call: ApiCall) {
  const image = findShared(cloud, call);
  const member = findMember(cloud, image, call);
  if (member.member_id !== call.account.accountId)
    throw forbidden("Only the member itself can set its status.");
  const given = call.body();
  check(given, setShape);
  member.status = given.status as Member["status"];
  member.updated_at = timestamp(cloud.now());
  cloud.store.changed();
  return json(200, shown(image, member));
}

function remove(cloud: Cloud, call: ApiCall) {
  const image = findShared(cloud, call);
  refuseOthers(image, call);
  image.members.splice(image.members.indexOf(findMember(cloud, image, call)), 1);
  cloud.store.changed();
  return { status: 204 };
}

function findShared(cloud: Cloud, call: ApiCall): StoredImage {
  const image = find(cloud, call);
  if (image.body.visibility === "shared") return image;
  throw forbidden(`Image ${image.body.id} is ${image.body.visibility}: only shared images have members.`);
}

function findMember(cloud: Cloud, image: StoredImage, call: ApiCall): Member {
  const id = call.params[1] ?? "";
  const member = membersOf(image, cloud.settings).find((candidate) => candidate.member_id === id);
  if (!member || !mayKnow(image, id, call))
    throw notFound(`${id} is not a member of image ${image.body.id}.`);
  return member;
}

/** The owner knows all members, a member only itself. */
function mayKnow(image: StoredImage, memberId: string, call: ApiCall): boolean {
  return isOwner(image, call.account) || memberId === call.account.accountId;
}

function refuseOthers(image: StoredImage, call: ApiCall): void {
  if (!isOwner(image, call.account)) throw forbidden("Only the owner of an image adds and removes members.");
}

function shown(image: StoredImage, { member_id, status, created_at, updated_at }: Member) {
  return { created_at, image_id: image.body.id, member_id, status, updated_at };
}
