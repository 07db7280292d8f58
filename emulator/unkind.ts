import { isObject } from "./http";
import { type Rule, type Shape, isPattern, oneOf, flag, text, whole } from "./validation";

/** An operation of the API or of Object Storage that a key pair may not call, by a policy of its account. */
export interface Denial {
  /** By its name, such as `listTags` or `putObject`. */
  operation: string;
  /** Default 403. */
  status?: number;
  /** Whose requests. Default: everybody's; of Object Storage also those that nobody signed. */
  accessKey?: string;
  /** The answer's body as it stands, instead of the envelope. */
  body?: string;
}

/** What something between the client and the service answers in its place. */
export interface Gateway {
  status: number;
  body?: string;
  /** Default `application/json`. */
  contentType?: string;
}

/** How the service spells what it was told: as it was; the `:` in a url's path as `%3A`; some words in capitals. */
export type Echo = "exact" | "encoded" | "upper";

/**
 * What nothing known forbids the live service to do. The defaults are kind. All may be changed at any time; the
 * lags go by the emulator's clock, and the ones in effect count, also for what was created before.
 */
export interface Unkindness {
  /** So long after an image's creation its tags reach the resource manager, milliseconds. Default 0. */
  tagLagMs: number;
  /** So long after its creation an image is not found and not listed, milliseconds. Default 0. */
  showLagMs: number;
  /**
   * So long after it was added a member is not found and not listed, and does not see the image, milliseconds. To add
   * it again is a conflict all the same. Default 0.
   */
  memberLagMs: number;
  /** A page of tags holds at most so many, whatever is asked for. Default null: no cap. */
  tagPageCap: number | null;
  /** The number of the first page of tags. Default 0. */
  tagFirstPage: 0 | 1;
  /** How answers spell an image; what is stored stays as it was given. Default `exact`. */
  echo: Echo;
  /** Images that are created are for GPU servers, so that their SRN says `gpuserver`. Default false. */
  gpuImages: boolean;
  /** An ordinary image shows an empty `scp_gpu_driver` instead of null. Default false. */
  emptyGpuDriver: boolean;
  /** Operations that are refused, signed as they may be. Default: none. */
  denied: readonly Denial[];
  /** A regular expression: a tag whose key matches is refused. Default null: none is. */
  tagPolicy: string | null;
  /** Answers every signed request to the API in the service's place. Default null: nothing does. */
  gateway: Gateway | null;
  /** The most bytes that Object Storage keeps for an account, parts of uploads too. Default null: no limit. */
  quotaBytes: number | null;
  /** The region that buckets are in, instead of the emulator's. Default null: in the emulator's. */
  bucketRegion: string | null;
}

export const kind: Readonly<Unkindness> = {
  tagLagMs: 0,
  showLagMs: 0,
  memberLagMs: 0,
  tagPageCap: null,
  tagFirstPage: 0,
  echo: "exact",
  gpuImages: false,
  emptyGpuDriver: false,
  denied: [],
  tagPolicy: null,
  gateway: null,
  quotaBytes: null,
  bucketRegion: null,
};

const status = whole(200, 599);

/** A setting that is an object: refuses other members, and wrong ones. A member without `required` may be left out. */
const parts =
  (shape: Shape): Rule =>
  (value) => {
    if (!isObject(value)) return "it must be an object";
    const wrong = [...Object.keys(shape), ...Object.keys(value)].find((name) => {
      const field = shape[name];
      return !field || (value[name] === undefined ? field.required : field.rule(value[name]));
    });
    return wrong && `its member ${wrong} is wrong or missing`;
  };

const denial = parts({
  operation: { rule: text(1, 64), required: true },
  status: { rule: status },
  accessKey: { rule: text(1, 255) },
  body: { rule: text(0, Infinity) },
});

const gateway = parts({
  status: { rule: status, required: true },
  body: { rule: text(0, Infinity) },
  contentType: { rule: text(1, 255) },
});

const denials: Rule = (value) =>
  Array.isArray(value) ? value.map(denial).find(Boolean) : "it must be a list";

const pattern: Rule = (value) =>
  typeof value === "string" && isPattern(value) ? undefined : "it must be a regular expression";

/** What a change of these settings over HTTP may say. */
export const unkindShape: Record<keyof Unkindness, Shape[string]> = {
  tagLagMs: { rule: whole(0) },
  showLagMs: { rule: whole(0) },
  memberLagMs: { rule: whole(0) },
  tagPageCap: { rule: whole(1), nullable: true },
  tagFirstPage: { rule: whole(0, 1) },
  echo: { rule: oneOf("exact", "encoded", "upper") },
  gpuImages: { rule: flag },
  emptyGpuDriver: { rule: flag },
  denied: { rule: denials },
  tagPolicy: { rule: pattern, nullable: true },
  gateway: { rule: gateway, nullable: true },
  quotaBytes: { rule: whole(0), nullable: true },
  bucketRegion: { rule: text(1, 64), nullable: true },
};
