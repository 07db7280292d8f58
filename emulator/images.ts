import type { Account, Settings } from "./settings";
import type { Echo } from "./unkind";
import type { ImageBody, Member, Store, StoredImage } from "./store";

/** Timestamps of the API: UTC, whole seconds. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function newImage(id: string, owner: Account, nowMs: number, given: Partial<ImageBody>): StoredImage {
  const created = timestamp(nowMs);
  const body: ImageBody = {
    checksum: null,
    container_format: "bare",
    created_at: created,
    disk_format: "qcow2",
    file: `/v2/images/${id}/file`,
    id,
    min_disk: 0,
    min_ram: 0,
    name: id,
    os_distro: null,
    os_hash_algo: null,
    os_hash_value: null,
    os_hidden: false,
    owner: owner.accountId,
    owner_account_name: owner.accountName,
    owner_user_name: owner.userName,
    protected: false,
    root_device_name: null,
    scp_gpu_driver: null,
    scp_image_type: "custom",
    scp_k8s_version: null,
    scp_original_image_type: null,
    scp_os_build_version: null,
    scp_os_version: null,
    size: null,
    status: "queued",
    updated_at: created,
    url: null,
    virtual_size: null,
    visibility: "private",
    volumes: null,
    ...given,
  };
  return { body, members: [], importRunning: false, importsStarted: 0, importsFailed: 0, importError: null };
}

/** How an answer of the API spells an image. */
export function spelled(image: ImageBody, settings: Settings): ImageBody {
  const scp_gpu_driver = image.scp_gpu_driver ?? (settings.emptyGpuDriver ? "" : null);
  return { ...image, scp_gpu_driver, ...echoes[settings.echo](image) };
}

const echoes: Record<Echo, (image: ImageBody) => Partial<ImageBody>> = {
  exact: () => ({}),
  encoded: ({ url }) => ({ url: url && withColonsEncoded(url) }),
  upper: ({ os_distro, disk_format, container_format, visibility }) => ({
    os_distro: os_distro?.toUpperCase() ?? null,
    visibility: visibility.toUpperCase(),
    disk_format: disk_format.toUpperCase(),
    container_format: container_format.toUpperCase(),
  }),
};

/** In the path only: scheme and port keep theirs. */
function withColonsEncoded(url: string): string {
  const origin = /^[a-z]+:\/\/[^/]*/i.exec(url)?.[0] ?? "";
  return origin + url.slice(origin.length).replaceAll(":", "%3A");
}

export function touch(image: StoredImage, nowMs: number, change: Partial<ImageBody>): void {
  Object.assign(image.body, change, { updated_at: timestamp(nowMs) });
}

/** A copy without some of its members. */
export function without<T extends object, K extends keyof T>(whole: T, ...names: K[]): Omit<T, K> {
  const copy: Partial<T> = { ...whole };
  for (const name of names) Reflect.deleteProperty(copy, name);
  return copy as Omit<T, K>;
}

export const isOwner = (image: StoredImage, account: Account) => image.body.owner === account.accountId;

/** The members that the API tells of: those of a shared image that have arrived. Glance keeps the others, and hides them. */
export function membersOf(image: StoredImage, { now, memberLagMs }: Settings): Member[] {
  if (image.body.visibility !== "shared") return [];
  return image.members.filter(({ addedMs = -Infinity }) => now() >= addedMs + memberLagMs);
}

export const membership = (image: StoredImage, account: Account, settings: Settings) =>
  membersOf(image, settings).find((member) => member.member_id === account.accountId);

/** Who may show an image: its owner, everybody when it is public, and whoever it was offered to. */
export function mayShow(image: StoredImage, account: Account, settings: Settings): boolean {
  const open = ["public", "community"].includes(image.body.visibility);
  return open || isOwner(image, account) || membership(image, account, settings) !== undefined;
}

/** The resource manager's name of an image. */
export function srnOf(image: ImageBody, settings: Settings): string {
  const service = image.scp_gpu_driver ? "gpuserver" : "virtualserver";
  return `srn:${settings.environment}::${image.owner}:${settings.region}::${service}:image/${image.id}`;
}

/** Takes an image away with all that hangs on it. */
export function removeImage(image: StoredImage, store: Store, settings: Settings): void {
  store.tags.delete(srnOf(image.body, settings));
  store.newcomers.delete(image.body.id);
  store.images.delete(image.body.id);
  store.changed();
}
