import { isDeepStrictEqual } from "node:util";
import { runtime, type dynamic } from "@pulumi/pulumi";
import { isImageId } from "../api/images";
import { creationTagKey } from "./creation-tag";
import { immutableProperties, meansTheSame } from "./spelling";
import { isLoopback, objectStoragePlace, type Place } from "../api/regions";

/** A resource's properties as the engine hands them over. */
export type Properties = Record<string, unknown>;

/**
 * What a change of a property does: `replace` makes a new resource and deletes the old one, `update` changes it in place,
 * `setting` is only remembered: it is about how we work, not about the image. A `hint` is for this run alone, and never a change.
 */
export type Change = "replace" | "update" | "setting" | "hint";

/** What check knows of the world beside the value. */
export interface CheckContext {
  /** Where the image is to be; undefined while that is not known. */
  place?: Place;
}

/**
 * One property of a resource. check, diff, update and the documentation are made from these.
 */
export interface Property {
  change: Change;
  required?: true;
  /** What a program that does not say gets. */
  default?: unknown;
  /** Not a program's to state: it arrives by another way. */
  internal?: true;
  /** As the documentation shows it. */
  type: string;
  meaning: string;
  /** What is wrong with a value, and what is right; undefined when nothing is. */
  check: (value: unknown, context: CheckContext) => string | undefined;
}

/** A resource's properties by name. */
export type PropertyTable = Record<string, Property>;

const osDistros = ["alma", "centos", "rhel", "rocky", "ubuntu", "windows", "oracle", "sles"];

const url: Property = {
  change: "replace",
  required: true,
  type: "string",
  meaning:
    "Object Storage URL of the qcow2 file: at most 255 characters, ending in `.qcow2`, in the image's own region, readable without credentials",
  check: checkUrl,
};

const place: PropertyTable = {
  region: {
    change: "replace",
    type: "string",
    meaning: "region, by default the configured one",
    check: notText,
  },
  environment: {
    change: "replace",
    type: "string",
    meaning: "environment, by default the configured one",
    check: notText,
  },
};

/** Properties that every resource has. */
const common: PropertyTable = {
  ...place,
  replaceOnChanges: internal("the resource option, which Pulumi does not apply to dynamic resources itself"),
};

function internal(meaning: string, change: Change = "setting"): Property {
  return { change, internal: true, type: "internal", meaning, check: () => undefined };
}

const retainOnDelete = internal("the resource option: then the old image of a replacement is kept");

export const recordProperties: PropertyTable = {
  name: {
    change: "replace",
    required: true,
    type: "string",
    meaning: "name: 1 to 255 letters, digits, spaces, `-` and `_`; need not be unique",
    check: (value) =>
      notText(value) ??
      unless(
        /^[a-zA-Z0-9_ -]{1,255}$/.test(String(value)),
        `must be 1 to 255 characters out of letters, digits, space, "-" and "_"`,
      ),
  },
  osDistro: {
    change: "replace",
    required: true,
    type: "string",
    meaning: `operating system: ${osDistros.map((name) => `\`${name}\``).join(", ")}`,
    check: (value) => oneOf(osDistros, value),
  },
  url,
  diskFormat: {
    change: "replace",
    default: "qcow2",
    type: "string",
    meaning: "format of the file; SCP takes `qcow2` alone",
    check: (value) => oneOf(["qcow2"], value),
  },
  containerFormat: {
    change: "replace",
    default: "bare",
    type: "string",
    meaning: "container around the file; SCP takes `bare` alone",
    check: (value) => oneOf(["bare"], value),
  },
  minDisk: {
    change: "update",
    default: 0,
    type: "number",
    meaning: "smallest disk, in GB, that a server needs for the image: a whole number, 0 or more",
    check: (value) => wholeNumber(value, Number.MAX_SAFE_INTEGER),
  },
  minRam: {
    change: "update",
    default: 0,
    type: "number",
    meaning:
      "least memory that a server needs for the image: 0 to 2097151, the API's own number (its documentation says GB, the vendor's Terraform provider MB)",
    check: (value) => wholeNumber(value, 2_097_151),
  },
  protected: {
    change: "update",
    default: false,
    type: "boolean",
    meaning: "whether SCP refuses to delete the image",
    check: (value) => unless(typeof value === "boolean", "must be true or false"),
  },
  visibility: {
    change: "update",
    default: "private",
    type: "string",
    meaning: "`private`, or `shared` with the accounts that are its members",
    check: (value) => oneOf(["private", "shared"], value),
  },
  tags: {
    change: "update",
    type: "Record<string, string>",
    meaning: "tags; without this property the image's tags are left alone",
    check: checkTags,
  },
  imageId: {
    change: "setting",
    type: "string",
    meaning:
      "id of an existing image to manage instead of making one; it must already be as these properties say, except for those that update in place. Another id replaces",
    check: checkImageId,
  },
  origin: internal("where the record stands: its stack and its place in it", "hint"),
  timeouts: internal("the time-outs of the image that the record is a part of", "hint"),
  retainOnDelete,
  settledByImport: internal("whether an ImageImport notes that the state knows the record"),
  ...common,
};

export const importProperties: PropertyTable = {
  imageId: {
    change: "replace",
    required: true,
    type: "string",
    meaning: "id of the image record to import into",
    check: checkImageId,
  },
  url: { ...url, change: "update", meaning: `${url.meaning}; an active image takes no other` },
  timeouts: {
    change: "setting",
    type: "{ create?: string }",
    meaning: "how long to wait for the image to become active, such as `45m` or `1h30m`; by default `2h`",
    check: checkTimeouts,
  },
  deleteImage: {
    change: "setting",
    default: true,
    type: "boolean",
    meaning: "whether deleting this resource deletes the image",
    check: (value) => unless(typeof value === "boolean", "must be true or false"),
  },
  partOfImage: internal("whether the image is an ImageRecord's of the same Image", "hint"),
  retainOnDelete,
  ...common,
};

/** What a resource tells beside its properties. */
export type OutputTable = Record<string, { type: string; meaning: string }>;

const optionalText = (meaning: string) => ({ type: "string?", meaning });

export const recordOutputs: OutputTable = {
  owner: optionalText("id of the account that owns the image"),
  ownerAccountName: optionalText("name of that account"),
  ownerUserName: optionalText("user who made the image"),
  file: optionalText("path of the image's data in the image service"),
  osHidden: { type: "boolean?", meaning: "whether lists leave the image out" },
  createdAt: optionalText("when it was made: ISO 8601, UTC"),
  updatedAt: optionalText(
    "when it was changed, as of the last change that the resource made or saw: ISO 8601, UTC",
  ),
};

export const importOutputs: OutputTable = {
  status: { type: "string", meaning: "`active`, unless an operator has deactivated the image since" },
  checksum: optionalText("MD5 of the file, in hexadecimal"),
  osHashAlgo: optionalText("algorithm of `osHashValue`: `sha512`"),
  osHashValue: optionalText("hash of the file, in hexadecimal"),
  size: { type: "number?", meaning: "size of the file, in bytes" },
  virtualSize: { type: "number?", meaning: "size of the disk that the file describes, in bytes" },
  volumes: { type: "ImageVolume[]?", meaning: "volumes of an image that was made from a server" },
  rootDeviceName: optionalText("such as `/dev/vda`"),
  scpGpuDriver: optionalText("version of the GPU driver; from API version 1.2 on"),
  scpImageType: optionalText("such as `custom`"),
  scpK8sVersion: optionalText("version of Kubernetes in the image"),
  scpOriginalImageType: optionalText("type of the image that this one comes from, such as `standard`"),
  scpOsBuildVersion: optionalText("build of the operating system"),
  scpOsVersion: optionalText("version of the operating system"),
};

/** What is wrong with a program's properties: one sentence each, before anything is done. Values that are not known yet pass. */
export function checkProperties(
  table: PropertyTable,
  news: Properties,
  context: CheckContext,
): dynamic.CheckFailure[] {
  const given = Object.keys(news).filter(
    (key) => key !== "__provider" && news[key] !== undefined && news[key] !== null,
  );
  const unknown = given
    .filter((key) => !Object.hasOwn(table, key))
    .map((property) => ({
      property,
      reason: `there is no property "${property}"; there are ${publicNames(table).join(", ")}.`,
    }));
  const missing = Object.keys(table)
    .filter((key) => table[key]?.required && !given.includes(key))
    .map((property) => ({ property, reason: `${property} is missing: ${table[property]?.meaning}.` }));
  const wrong = given.flatMap((property) => {
    const value = news[property];
    const complaint =
      isUnknown(value) || !Object.hasOwn(table, property)
        ? undefined
        : table[property]?.check(value, context);
    return complaint === undefined ? [] : [{ property, reason: `${property} ${complaint}.` }];
  });
  return [...unknown, ...missing, ...wrong];
}

function publicNames(table: PropertyTable): string[] {
  return Object.keys(table).filter((key) => !table[key]?.internal);
}

/** The properties of a table, with the defaults where the program does not say. */
export function withDefaults(table: PropertyTable, news: Properties): Properties {
  const inputs: Properties = {};
  for (const [key, property] of Object.entries(table)) {
    const value = news[key] ?? property.default;
    if (value !== undefined) {
      inputs[key] = value;
    }
  }
  return inputs;
}

/** Which properties of a table differ between what is and what is wanted. A value that is not known yet differs. */
export function changedProperties(table: PropertyTable, olds: Properties, news: Properties): string[] {
  return Object.keys(table).filter(
    (key) =>
      table[key]?.change !== "hint" &&
      (isUnknown(news[key]) || !isSame(key, plain(olds[key]), plain(news[key]))),
  );
}

/** What SCP cannot change is changed where it means something else, not where it is spelt otherwise. */
function isSame(key: string, one: unknown, other: unknown): boolean {
  return (immutableProperties as readonly string[]).includes(key)
    ? meansTheSame(key, one, other)
    : isDeepStrictEqual(one, other);
}

/** No tags and an empty set of tags, no value and null, are the same. */
function plain(value: unknown): unknown {
  const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return empty || value === null ? undefined : value;
}

/** The answer to the engine's diff, made from the table. */
export function diffProperties(table: PropertyTable, olds: Properties, news: Properties): dynamic.DiffResult {
  const changed = changedProperties(table, olds, news);
  const asked = Array.isArray(news.replaceOnChanges) ? news.replaceOnChanges.map(String) : [];
  const replaces = ({ change }: Property, key: string) =>
    change === "replace" ||
    (change === "update" && asked.some((path) => path === "*" || rootOf(path) === key));
  return {
    changes: changed.length > 0,
    replaces: changed.filter((key) => table[key] && replaces(table[key], key)),
  };
}

/** The property that a property path of Pulumi's, such as `tags.team`, begins with. */
export function rootOf(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? "";
}

/** Whether a value, or a part of it, is not known before the deployment has run. */
export function isUnknown(value: unknown): boolean {
  if (value === runtime.unknownValue) {
    return true;
  }
  return typeof value === "object" && value !== null && Object.values(value).some(isUnknown);
}

function checkUrl(value: unknown, { place: own }: CheckContext): string | undefined {
  const text = typeof value === "string" ? value : "";
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined) {
    return `must be an Object Storage URL like https://object-store.kr-west1.e.samsungsdscloud.com/account:bucket/object.qcow2`;
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return "must not hold a user name or password; SCP reads the object without credentials";
  }
  if (parsed.protocol !== "https:" && !(parsed.protocol === "http:" && isLoopback(parsed.hostname))) {
    return "must begin with https://";
  }
  if (text.includes("?") || text.includes("#")) {
    return `must have no query and no fragment (a presigned URL cannot be used: make the object public-read instead)`;
  }
  if (!text.endsWith(".qcow2")) {
    return `must end in ".qcow2", as SCP demands`;
  }
  if (text.length > 255) {
    return `must be at most 255 characters; it has ${text.length}`;
  }
  const there = objectStoragePlace(parsed.hostname);
  if (there && own && (there.region !== own.region || there.environment !== own.environment)) {
    return (
      `names Object Storage in region ${there.region}, environment ${there.environment}, but the image is to be in region ${own.region}, ` +
      `environment ${own.environment}; both must be the same. Put the file there, or set region and environment`
    );
  }
  return undefined;
}

function checkImageId(value: unknown): string | undefined {
  return unless(typeof value === "string" && isImageId(value), "must be an image's id, a UUID");
}

function checkTags(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return `must be a map of texts, like { team: "web" }`;
  }
  const allowed = /^[\p{L}\p{Nd} +\-=._:/@]*$/u;
  for (const [key, text] of Object.entries(value)) {
    if (isUnknown(text)) {
      continue;
    }
    if (key === creationTagKey) {
      return `has the key "${creationTagKey}", which this package uses itself; choose another`;
    }
    if (key.length < 1 || key.length > 128 || !allowed.test(key)) {
      return `has the key ${show(key)}; a key is 1 to 128 letters, digits, spaces and + - = . _ : / @`;
    }
    if (typeof text !== "string" || text.length > 256 || !allowed.test(text)) {
      return `has the value ${show(text)} at ${show(key)}; a value is a text of up to 256 letters, digits, spaces and + - = . _ : / @`;
    }
  }
  return undefined;
}

function checkTimeouts(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) {
    return `must be like { create: "45m" }`;
  }
  for (const [key, text] of Object.entries(value)) {
    if (key !== "create") {
      return `has no "${key}"; there is create`;
    }
    if (!isUnknown(text) && parseDuration(text) === undefined) {
      return `create must be a duration like "45m", "2h" or "1h30m"; it is ${show(text)}`;
    }
  }
  return undefined;
}

/** A duration like `1h30m` or `90s`, as Pulumi's `customTimeouts` has them, in milliseconds. */
export function parseDuration(text: unknown): number | undefined {
  const match = typeof text === "string" ? /^(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?$/.exec(text) : null;
  if (!match || match[0] === "") {
    return undefined;
  }
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  const milliseconds = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function notText(value: unknown): string | undefined {
  return unless(typeof value === "string", "must be a text");
}

function oneOf(allowed: readonly string[], value: unknown): string | undefined {
  const right = typeof value === "string" && allowed.includes(value);
  return unless(
    right,
    allowed.length === 1 ? `must be ${show(allowed[0])}` : `must be one of ${allowed.join(", ")}`,
  );
}

function wholeNumber(value: unknown, most: number): string | undefined {
  const right = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
  const range = most === Number.MAX_SAFE_INTEGER ? "0 or more" : `0 to ${most}`;
  return unless(right, `must be a whole number, ${range}`);
}

function unless(right: boolean, complaint: string): string | undefined {
  return right ? undefined : complaint;
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
