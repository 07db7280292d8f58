import type { Cloud } from "../cloud";
import { json, notFound } from "../http";
import { srnOf } from "../images";
import type { Tag } from "../store";
import { check, queryNumber, tagList } from "../validation";
import type { ApiCall, Route } from "./api";

/** The resource manager's part: tags by the base64 of a resource's SRN. Images are the only resources here. */
export function tagRoutes(cloud: Cloud): Route[] {
  const ofOne = /^\/v1\/tags\/([^/]+)$/;
  return [
    { operation: "findTags", method: "GET", path: /^\/v1\/tags$/, answer: (call) => find(cloud, call) },
    { operation: "listTags", method: "GET", path: ofOne, answer: (call) => list(cloud, call) },
    {
      operation: "setTags",
      method: "PUT",
      path: /^\/v1\/tags\/([^/]+)\/bulk$/,
      answer: (call) => set(cloud, call),
    },
    { operation: "deleteTags", method: "DELETE", path: ofOne, answer: (call) => removeAll(cloud, call) },
    {
      operation: "deleteTag",
      method: "DELETE",
      path: /^\/v1\/tags\/([^/]+)\/([^/]+)$/,
      answer: (call) => removeOne(cloud, call),
    },
  ];
}

function list(cloud: Cloud, call: ApiCall) {
  const srn = ownSrn(cloud, call);
  const { items, ...paging } = paged(cloud.store.tags.get(srn) ?? [], call);
  return json(200, { content: { srn, tags: items }, ...paging });
}

function find(cloud: Cloud, call: ApiCall) {
  const {
    key,
    value,
    resource_identifier: resource,
  } = Object.fromEntries(call.query) as Record<string, string | undefined>;
  const rows = ownSrns(cloud, call)
    .filter((srn) => !resource || srn === resource || srn.endsWith(`/${resource}`))
    .flatMap((srn) => (cloud.store.tags.get(srn) ?? []).map((tag) => ({ srn, ...tag })))
    .filter((row) => (!key || row.key === key) && (value === undefined || row.value === value));
  const { items, ...paging } = paged(rows, call);
  return json(200, { content: items, ...paging });
}

function set(cloud: Cloud, call: ApiCall) {
  const srn = ownSrn(cloud, call);
  const given = call.body();
  check(given, { tags: { rule: tagList, required: true } });
  const tags = (given.tags as Partial<Tag>[]).map(({ key = "", value }) => ({ key, value: value ?? "" }));
  store(cloud, srn, tags);
  return json(200, { content: { srn, tags } });
}

function removeAll(cloud: Cloud, call: ApiCall) {
  store(cloud, ownSrn(cloud, call), []);
  return { status: 204 };
}

function removeOne(cloud: Cloud, call: ApiCall) {
  const srn = ownSrn(cloud, call);
  const tags = cloud.store.tags.get(srn) ?? [];
  const kept = tags.filter((tag) => tag.key !== call.params[1]);
  if (kept.length === tags.length) throw notFound("The resource has no such tag.");
  store(cloud, srn, kept);
  return { status: 204 };
}

function store(cloud: Cloud, srn: string, tags: Tag[]): void {
  if (tags.length > 0) cloud.store.tags.set(srn, tags);
  else cloud.store.tags.delete(srn);
  cloud.store.changed();
}

/** The SRN in the path, if it is that of an image of the caller's. */
function ownSrn(cloud: Cloud, call: ApiCall): string {
  const srn = Buffer.from(call.params[0] ?? "", "base64").toString("utf8");
  if (!ownSrns(cloud, call).includes(srn)) throw notFound(`No resource found with SRN ${srn}`);
  return srn;
}

function ownSrns(cloud: Cloud, call: ApiCall): string[] {
  return [...cloud.store.images.values()]
    .filter((image) => image.body.owner === call.account.accountId)
    .map((image) => srnOf(image.body, cloud.settings));
}

/** Pages count from 0; `count` is that of all pages together. */
function paged<T>(all: T[], call: ApiCall) {
  const size = queryNumber(call.query, "size", 20, 1, 1000);
  const page = queryNumber(call.query, "page", 0, 0, Number.MAX_SAFE_INTEGER);
  return { items: all.slice(page * size, (page + 1) * size), count: all.length, page, size, sort: [] };
}
