import { cutShort, unfitToShow } from "./errors";

/** How a field is read out of an answer, and what type it has then. Undefined where the answer has nothing of the kind. */
interface Field<T> {
  read: (value: unknown) => T | undefined;
  type: string;
}

const aText: Field<string> = { read: text, type: "string" };
const aNumber: Field<number> = { read: number, type: "number" };
const aFlag: Field<boolean> = { read: flag, type: "boolean" };

/** What an image always has: without any of it nothing else can be believed. */
const essential = { id: aText, status: { ...aText, read: lowerCase } };

/**
 * The fields of an image as Show Image tells it, each by its name on the wire in camel case. What is not known yet, or not shown in an
 * API version, is absent. A field of a new API version is a line here.
 */
const optionalFields = {
  name: aText,
  osDistro: aText,
  url: aText,
  containerFormat: aText,
  diskFormat: aText,
  minDisk: aNumber,
  minRam: aNumber,
  protected: aFlag,
  visibility: { ...aText, read: lowerCase },
  checksum: aText,
  osHashAlgo: aText,
  osHashValue: aText,
  size: aNumber,
  virtualSize: aNumber,
  volumes: { read: volumesFrom, type: "ImageVolume[]" },
  file: aText,
  osHidden: aFlag,
  owner: aText,
  ownerAccountName: aText,
  ownerUserName: aText,
  rootDeviceName: aText,
  scpGpuDriver: { ...aText, read: nonEmpty },
  scpImageType: aText,
  scpK8sVersion: aText,
  scpOriginalImageType: aText,
  scpOsBuildVersion: aText,
  scpOsVersion: aText,
  createdAt: { ...aText, read: time },
  updatedAt: { ...aText, read: time },
};

/** All fields, with the names of their types. */
export const imageFields: Readonly<Record<string, { type: string }>> = { ...essential, ...optionalFields };

/** The values of fields: each may be missing from an answer. */
type FieldsOf<F> = { [K in keyof F]?: F[K] extends Field<infer T> ? T : never };

/** An image's name as the service writes it, where that has signs which are not shown, or is beyond measure. For comparison alone. */
export const writtenName = Symbol("the name as it is written");

/** An image as Show Image tells it. States are Glance's, in lower case: queued, saving, uploading, importing, active, deactivated … */
export type Image = Required<FieldsOf<typeof essential>> &
  FieldsOf<typeof optionalFields> & { [writtenName]?: string };

/** The fields of a volume of an image that was made from a server: an entry of Nova's block device mapping. */
const volumeFields = {
  /** Place in the order of booting, from 0 on; none boots from a negative one. */
  bootIndex: aNumber,
  /** Whether the volume goes when its server does. */
  deleteOnTermination: aFlag,
  /** `volume`, or `local`. */
  destinationType: aText,
  /** Such as `/dev/vda`. */
  deviceName: aText,
  /** Such as `disk`, or `cdrom`. */
  deviceType: aText,
  /** Such as `virtio`. */
  diskBus: aText,
  /** Whether the volume is encrypted. */
  encrypted: aFlag,
  /** How, such as `luks`. */
  encryptionFormat: aText,
  /** Options of the encryption. */
  encryptionOptions: aText,
  /** Id of the secret that it is encrypted with. Not the secret. */
  encryptionSecretUuid: aText,
  /** File system, of a local one: such as `ext4`, or `swap`. */
  guestFormat: aText,
  /** Id of the image that the volume is made of, if its source is one. */
  imageId: aText,
  /** Whether the image's own device of this name is left out. */
  noDevice: aFlag,
  /** Id of the snapshot that the volume is made of, if its source is one. */
  snapshotId: aText,
  /** What it is made of: `snapshot`, `image`, `volume` or `blank`. */
  sourceType: aText,
  /** Name by which the server's metadata tells of the device. */
  tag: aText,
  /** Id of the volume, if its source is one. */
  volumeId: aText,
  /** Size in GB. */
  volumeSize: aNumber,
  /** The kind of storage, such as `SSD`. */
  volumeType: aText,
};

/** A volume of an image that was made from a server. */
export type ImageVolume = FieldsOf<typeof volumeFields>;

/** An answer's JSON object, as it came. */
export type Wire = Record<string, unknown>;

/** The only properties that can change once an image exists. */
export type UpdateImage = Partial<Pick<Image, "minDisk" | "minRam" | "protected" | "visibility">>;

/** What can be told of an image when it is created. */
export type CreateImage = Required<Pick<Image, "name" | "osDistro" | "url">> &
  Partial<Pick<Image, "containerFormat" | "diskFormat">> &
  UpdateImage & { tags?: Record<string, string> };

export function createRequest({ tags, ...image }: CreateImage): Wire {
  return withoutUndefined({ ...toWire(image), tags: tags && tagList(tags) });
}

export function updateRequest(changes: UpdateImage): Wire {
  return withoutUndefined(toWire(changes));
}

/** What the request that makes an image of a server says. */
export function serverImageRequest(name: string): Wire {
  return { image_name: name };
}

/**
 * The id of the image that such a request began to make. Nothing else is told of it, so a UUID is taken as UUIDs are written wherever an
 * image is shown: in small letters.
 */
export function createdImageId(body: unknown): string | undefined {
  const id = isObject(body) ? text(body.image_id) : undefined;
  if (id === undefined || !isImageId(id)) {
    return undefined;
  }
  return uuid.test(id) ? id.toLowerCase() : id;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Names in camel case become the wire's, `minDisk` is `min_disk`: here, and nowhere else. */
function toWire(values: object): Wire {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [wireName(name), value]));
}

function wireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The fields out of an answer: what is not known is absent, never null. */
function readFields<F extends Record<string, Field<unknown>>>(answer: Wire, fields: F): FieldsOf<F> {
  const read = Object.entries(fields).map(([name, field]) => [name, field.read(answer[wireName(name)])]);
  return withoutUndefined(Object.fromEntries(read)) as FieldsOf<F>;
}

export function tagList(tags: Record<string, string>): Wire[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

export const imageIdPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

/** Whether a text can be an image's id, or a server's, and so stand in a path. */
export function isImageId(id: string): boolean {
  return imageIdPattern.test(id);
}

/** Whether two ids are one: a service may write the one that it was given in other letters. */
export function isSameId(one: unknown, other: unknown): boolean {
  return typeof one === "string" && typeof other === "string"
    ? one.toLowerCase() === other.toLowerCase()
    : one === other;
}

/** Whether an image has its content: it is active, or was. */
export function wasActive({ status }: Image): boolean {
  return status === "active" || status === "deactivated";
}

/** An image out of an answer; undefined when the answer is no image. */
export function imageFrom(body: unknown): Image | undefined {
  if (!isObject(body)) {
    return undefined;
  }
  const answer = fitToShow(body);
  const { id, status } = readFields(answer, essential);
  if (id === undefined || !isImageId(id) || status === undefined) {
    return undefined;
  }
  const image = { id, status, ...readFields(answer, optionalFields) };
  const name = text(body.name);
  return name === image.name ? image : { ...image, [writtenName]: name };
}

/** The longest text that an image tells, in characters. No documented one has more than 255, or three times that where it is encoded. */
const longestText = 1_000;

/** The same without signs that no text of an image has, and without texts beyond measure: what an image says is shown to people. */
function fitToShow(answer: Wire): Wire {
  const fit = (name: string, value: unknown) => {
    const plain = typeof value === "string" ? value.replace(unfitToShow, "") : value;
    // The volumes are a document in a text, whose own texts are made fit by themselves.
    return typeof plain === "string" && name !== "volumes" ? cutShort(plain, longestText) : plain;
  };
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, fit(name, value)]));
}

/** The volumes out of their JSON text. A text that is none has nothing to tell. */
function volumesFrom(json: unknown): ImageVolume[] | undefined {
  if (typeof json !== "string") {
    return undefined;
  }
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list)
      ? list.filter(isObject).map((volume) => readFields(fitToShow(volume), volumeFields))
      : undefined;
  } catch {
    return undefined;
  }
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

function lowerCase(value: unknown): string | undefined {
  return text(value)?.toLowerCase();
}

/** A number; also one that is written as a text. */
function number(value: unknown): number | undefined {
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

/** True or false; also where it is written as a text. */
function flag(value: unknown): boolean | undefined {
  const read = value === "true" || (value === "false" ? false : value);
  return typeof read === "boolean" ? read : undefined;
}

/** A time in UTC, also where the zone is left out. */
export function time(value: unknown): string | undefined {
  const read = text(value);
  return read !== undefined && /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(read) ? `${read}Z` : read;
}

/** The same object without the keys that have no value: what is not known is absent, never null. */
function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
