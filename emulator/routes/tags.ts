import type { Cloud } from "../cloud";
import { json, notFound } from "../http";
import { srnOf } from "../images";
import type { Settings } from "../settings";
import type { StoredImage, Tag } from "../store";
import { tagsGiven } from "../tags";
import { check, queryNumber, tagList, tagValue } from "../validation";
import type { ApiCall, Route } from "./route";

/** The resource manager's part: tags by the base64 of a resource's SRN. Images are the only resources here. */
export function tagRoutes(cloud: Cloud): Route[] {
  // The base64 of what begins with `srn:`. Nothing else that follows `/v1/tags/` is there.
  const ofOne = /^\/v1\/tags\/(c3JuO[^/]*)$/;
  const one = /^\/v1\/tags\/(c3JuO[^/]*)\/([^/]+)$/;
  return [
    { operation: "findTags", method: "GET", path: /^\/v1\/tags$/, answer: (call) => find(cloud, call) },
    { operation: "listTags", method: "GET", path: ofOne, answer: (call) => list(cloud, call) },
    {
      operation: "setTags",
      method: "PUT",
      path: /^\/v1\/tags\/(c3JuO[^/]*)\/bulk$/,
      answer: (call) => set(cloud, call),
    },
    { operation: "deleteTags", method: "DELETE", path: ofOne, answer: (call) => removeAll(cloud, call) },
    { operation: "showTag", method: "GET", path: one, answer: (call) => show(cloud, call) },
    { operation: "updateTagValue", method: "PUT", path: one, answer: (call) => update(cloud, call) },
    { operation: "deleteTag", method: "DELETE", path: one, answer: (call) => removeOne(cloud, call) },
  ];
}

function list(cloud: Cloud, call: ApiCall) {
  const { srn, image } = tagged(cloud, call);
  const { items, ...paging } = paged(cloud.tags.of(image), call, cloud.settings);
  return json(200, { content: { srn, tags: items }, ...paging });
}

function find(cloud: Cloud, call: ApiCall) {
  const { key, value, ...place } = Object.fromEntries(call.query) as Record<string, string | undefined>;
  const rows = [...own(cloud, call)]
    .filter(([srn]) => isAt(srn, place))
    .flatMap(([srn, image]) => cloud.tags.of(image).map((tag) => ({ srn, ...tag })))
    .filter((row) => (!key || row.key === key) && (value === undefined || row.value === value));
  const { items, ...paging } = paged(rows, call, cloud.settings);
  return json(200, { content: items, ...paging });
}

/** Whether an SRN has the parts that a query names. */
function isAt(srn: string, query: Record<string, string | undefined>): boolean {
  const [, offering, , account_id, region, , service_type, resource = ""] = srn.split(":");
  const [resource_type, id] = resource.split("/");
  const parts = { offering, account_id, region, service_type, resource_type };
  const wanted = query.resource_identifier;
  return (
    (!wanted || wanted === srn || wanted === id) &&
    Object.entries(parts).every(([name, part]) => !query[name] || query[name] === part)
  );
}

function set(cloud: Cloud, call: ApiCall) {
  const { srn, image } = tagged(cloud, call);
  const given = call.body();
  check(given, { tags: { rule: tagList, required: true } });
  const tags = tagsGiven(given, cloud.settings);
  cloud.tags.set(image, tags);
  return json(200, { content: { [srn]: tags } });
}

function removeAll(cloud: Cloud, call: ApiCall) {
  cloud.tags.set(tagged(cloud, call).image, []);
  return { status: 204 };
}

function show(cloud: Cloud, call: ApiCall) {
  const { srn, tag } = oneTag(cloud, call);
  return json(200, { content: { srn, tag } });
}

function update(cloud: Cloud, call: ApiCall) {
  const { srn, image, tag, tags } = oneTag(cloud, call);
  const given = call.body();
  check(given, { value: { rule: tagValue, required: true } });
  const updated = { key: tag.key, value: String(given.value) };
  cloud.tags.set(
    image,
    tags.map((other) => (other === tag ? updated : other)),
  );
  return json(200, { content: { [srn]: [updated] } });
}

function removeOne(cloud: Cloud, call: ApiCall) {
  const { image, tag, tags } = oneTag(cloud, call);
  cloud.tags.set(
    image,
    tags.filter((other) => other !== tag),
  );
  return { status: 204 };
}

interface Tagged {
  srn: string;
  image: StoredImage;
}

/** The image of the caller's whose SRN is in the path. */
function tagged(cloud: Cloud, call: ApiCall): Tagged {
  const srn = Buffer.from(call.params[0] ?? "", "base64").toString("utf8");
  const image = own(cloud, call).get(srn);
  if (!image) throw notFound(`No resource found with SRN ${srn}`);
  return { srn, image };
}

function oneTag(cloud: Cloud, call: ApiCall): Tagged & { tag: Tag; tags: Tag[] } {
  const { srn, image } = tagged(cloud, call);
  const tags = cloud.tags.of(image);
  const tag = tags.find(({ key }) => key === call.params[1]);
  if (!tag) throw notFound("The resource has no such tag.");
  return { srn, image, tag, tags };
}

function own(cloud: Cloud, call: ApiCall): Map<string, StoredImage> {
  const images = [...cloud.store.images.values()].filter(
    (image) => image.body.owner === call.account.accountId,
  );
  return new Map(images.map((image) => [srnOf(image.body, cloud.settings), image]));
}

/** `count` is that of all pages together. Counted from 1, page 0 is the first one too. */
function paged<T>(all: T[], call: ApiCall, { tagPageCap, tagFirstPage }: Settings) {
  const size = Math.min(queryNumber(call.query, "size", 20, 0, 2 ** 31 - 1), tagPageCap ?? Infinity);
  const asked = queryNumber(call.query, "page", tagFirstPage, 0, 2 ** 31 - 1);
  const page = Math.max(asked, tagFirstPage);
  const start = (page - tagFirstPage) * size;
  return { items: all.slice(start, start + size), count: all.length, page, size, sort: [] };
}
