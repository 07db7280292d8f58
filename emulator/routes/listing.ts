import type { Cloud } from "../cloud";
import { invalid, json } from "../http";
import { isOwner, membership } from "../images";
import type { Account } from "../settings";
import type { ImageBody, StoredImage } from "../store";
import { queryNumber } from "../validation";
import type { ApiCall } from "./route";
import { shown } from "./visible";

const types = ["scp_image_type", "scp_original_image_type"] as const;
const filters = ["name", "os_distro", "status", "visibility", ...types] as const;
type Filter = (typeof filters)[number];
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

export function list(cloud: Cloud, call: ApiCall) {
  const limit = queryNumber(call.query, "limit", 20, 1, 1000);
  const visibility = call.query.get("visibility");
  if (visibility && !["public", "community", "shared", "private"].includes(visibility)) {
    throw invalid(['Query "visibility" must be one of public, community, shared, private.']);
  }
  const inOrder = order(call.query.get("sort"));
  const listed = oldEnough(cloud).filter((image) => isListed(cloud, image, call.account, visibility));
  const rest = after(call.query.get("marker"), listed, inOrder);
  const page = rest.filter((image) => matches(image.body, call.query, filters)).slice(0, limit);
  return json(200, { images: page.map((image) => shown(cloud, image, call)) });
}

/** What was offered to the caller and is not answered. What it offers itself is not among it. */
export function listPending(cloud: Cloud, call: ApiCall) {
  const pending = oldEnough(cloud)
    .filter((image) => membership(image, call.account, cloud.settings)?.status === "pending")
    .filter((image) => matches(image.body, call.query, types))
    .sort(order(null));
  return json(200, { images: pending.map((image) => shown(cloud, image, call)) });
}

function oldEnough(cloud: Cloud): StoredImage[] {
  return cloud.everyImage().filter((image) => !cloud.isHidden(image));
}

/** One's own, the public ones, and what was accepted. Community images come only when they are asked for. */
function isListed(cloud: Cloud, image: StoredImage, account: Account, visibility: string | null): boolean {
  if (isOwner(image, account) || image.body.visibility === "public") return true;
  if (image.body.visibility === "community") return visibility === "community";
  return membership(image, account, cloud.settings)?.status === "accepted";
}

function matches(image: ImageBody, query: URLSearchParams, names: readonly Filter[]): boolean {
  return names.every((name) => !query.get(name) || image[name] === query.get(name));
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
