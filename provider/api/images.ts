/**
 * An image as Show Image tells it. What is not known yet, or not shown in an API version, is absent.
 */
export interface Image {
  id: string;
  name: string;
  /** Lower case, Glance's: queued, saving, uploading, importing, active, deactivated, pending_delete, deleted, killed. */
  status: string;
  osDistro?: string;
  url?: string;
  containerFormat?: string;
  diskFormat?: string;
  /** GB. */
  minDisk: number;
  /** The API's own number: its documentation says GB, the vendor's Terraform provider MB. */
  minRam: number;
  protected: boolean;
  visibility: string;
  /** The MD5 of the file. */
  checksum?: string;
  osHashAlgo?: string;
  osHashValue?: string;
  /** Bytes of the file. */
  size?: number;
  /** Bytes of the disk that the file describes. */
  virtualSize?: number;
  volumes?: ImageVolume[];
  file?: string;
  osHidden?: boolean;
  owner?: string;
  ownerAccountName?: string;
  ownerUserName?: string;
  rootDeviceName?: string;
  /** From API version 1.2 on. */
  scpGpuDriver?: string;
  scpImageType?: string;
  scpK8sVersion?: string;
  scpOriginalImageType?: string;
  scpOsBuildVersion?: string;
  scpOsVersion?: string;
  /** ISO 8601, UTC. */
  createdAt?: string;
  /** ISO 8601, UTC. */
  updatedAt?: string;
}

/** A volume of an image that was made from a server: an entry of Nova's block device mapping. */
export interface ImageVolume {
  bootIndex?: number;
  deleteOnTermination?: boolean;
  destinationType?: string;
  deviceName?: string;
  deviceType?: string;
  diskBus?: string;
  encrypted?: boolean;
  encryptionFormat?: string;
  encryptionOptions?: string;
  encryptionSecretUuid?: string;
  guestFormat?: string;
  imageId?: string;
  noDevice?: boolean;
  snapshotId?: string;
  sourceType?: string;
  tag?: string;
  volumeId?: string;
  /** GB. */
  volumeSize?: number;
  volumeType?: string;
}

/** An answer's JSON object, as it came. */
export type Wire = Record<string, unknown>;

/** What can be told of an image when it is created. */
export interface CreateImage {
  name: string;
  osDistro: string;
  url: string;
  containerFormat?: string;
  diskFormat?: string;
  minDisk?: number;
  minRam?: number;
  protected?: boolean;
  visibility?: string;
  tags?: Record<string, string>;
}

/** The only four properties that can change once an image exists. */
export type UpdateImage = Partial<Pick<Image, "minDisk" | "minRam" | "protected" | "visibility">>;

export function createRequest(image: CreateImage): Wire {
  return withoutUndefined({
    name: image.name,
    os_distro: image.osDistro,
    url: image.url,
    container_format: image.containerFormat,
    disk_format: image.diskFormat,
    min_disk: image.minDisk,
    min_ram: image.minRam,
    protected: image.protected,
    visibility: image.visibility,
    tags: image.tags && tagList(image.tags),
  });
}

export function updateRequest(changes: UpdateImage): Wire {
  return withoutUndefined({
    min_disk: changes.minDisk,
    min_ram: changes.minRam,
    protected: changes.protected,
    visibility: changes.visibility,
  });
}

export function tagList(tags: Record<string, string>): Wire[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** Whether a text can be an image's id, and so stand in a path. */
export function isImageId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(id);
}

/**
 * An image out of an answer; undefined when the answer is no image: without an id or a status nothing else can be believed.
 */
export function imageFrom(body: unknown): Image | undefined {
  if (!isObject(body)) {
    return undefined;
  }
  const answer = withoutControls(body);
  const id = text(answer.id);
  const status = text(answer.status);
  const name = text(answer.name);
  if (id === undefined || !isImageId(id) || status === undefined || name === undefined) {
    return undefined;
  }
  return withoutUndefined({
    id,
    name,
    status: status.toLowerCase(),
    osDistro: text(answer.os_distro),
    url: text(answer.url),
    containerFormat: text(answer.container_format),
    diskFormat: text(answer.disk_format),
    minDisk: number(answer.min_disk) ?? 0,
    minRam: number(answer.min_ram) ?? 0,
    protected: flag(answer.protected) ?? false,
    visibility: text(answer.visibility) ?? "private",
    checksum: text(answer.checksum),
    osHashAlgo: text(answer.os_hash_algo),
    osHashValue: text(answer.os_hash_value),
    size: number(answer.size),
    virtualSize: number(answer.virtual_size),
    volumes: volumesFrom(answer.volumes),
    file: text(answer.file),
    osHidden: flag(answer.os_hidden),
    owner: text(answer.owner),
    ownerAccountName: text(answer.owner_account_name),
    ownerUserName: text(answer.owner_user_name),
    rootDeviceName: text(answer.root_device_name),
    scpGpuDriver: nonEmpty(answer.scp_gpu_driver),
    scpImageType: text(answer.scp_image_type),
    scpK8sVersion: text(answer.scp_k8s_version),
    scpOriginalImageType: text(answer.scp_original_image_type),
    scpOsBuildVersion: text(answer.scp_os_build_version),
    scpOsVersion: text(answer.scp_os_version),
    createdAt: text(answer.created_at),
    updatedAt: text(answer.updated_at),
  });
}

/** The same without the signs that speak to a terminal, or turn the direction of writing: what an image says is shown to people. */
function withoutControls(answer: Wire): Wire {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
  const plain = (value: unknown) => (typeof value === "string" ? value.replace(controls, "") : value);
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, plain(value)]));
}

/** The volumes out of their JSON text. A text that is none has nothing to tell. */
function volumesFrom(json: unknown): ImageVolume[] | undefined {
  if (typeof json !== "string") {
    return undefined;
  }
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.filter(isObject).map(volumeFrom) : undefined;
  } catch {
    return undefined;
  }
}

function volumeFrom(volume: Wire): ImageVolume {
  return withoutUndefined({
    bootIndex: number(volume.boot_index),
    deleteOnTermination: flag(volume.delete_on_termination),
    destinationType: text(volume.destination_type),
    deviceName: text(volume.device_name),
    deviceType: text(volume.device_type),
    diskBus: text(volume.disk_bus),
    encrypted: flag(volume.encrypted),
    encryptionFormat: text(volume.encryption_format),
    encryptionOptions: text(volume.encryption_options),
    encryptionSecretUuid: text(volume.encryption_secret_uuid),
    guestFormat: text(volume.guest_format),
    imageId: text(volume.image_id),
    noDevice: flag(volume.no_device),
    snapshotId: text(volume.snapshot_id),
    sourceType: text(volume.source_type),
    tag: text(volume.tag),
    volumeId: text(volume.volume_id),
    volumeSize: number(volume.volume_size),
    volumeType: text(volume.volume_type),
  });
}

export function isObject(value: unknown): value is Wire {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** An ordinary image may have an empty text where another has something to tell. */
function nonEmpty(value: unknown): string | undefined {
  return value === "" ? undefined : text(value);
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** The same object without the keys that have no value: what is not known is absent, never null. */
function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
