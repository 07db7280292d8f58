import type { Image } from "../api/images";
import { ImageError } from "./image-error";

/** What to do about an image that is not of the content that it is to have. */
export type Verify = "fail" | "warn" | "off";

/** What an image's content is to have. */
export interface Expected {
  md5?: string;
  sha512?: string;
}

/** What the program and its file say of the content of an image. */
export interface Declared {
  expectedChecksum?: string;
  /** The file that was uploaded for it. */
  object?: Expected;
}

/** What a checksum of either kind means. */
export function expectedOf(checksum: string | undefined): Expected {
  const digits = checksum?.toLowerCase();
  return digits?.length === 128 ? { sha512: digits } : { md5: digits };
}

/** What an active image tells of its content. */
export type Content = Pick<Image, "checksum" | "osHashAlgo" | "osHashValue">;

/** How an image's content compares with what it is to be: a sentence's part each. */
export interface Comparison {
  different: string[];
  /** What cannot be told. */
  untold: string[];
}

export function compareContent(content: Content, { expectedChecksum, object = {} }: Declared): Comparison {
  const all = [expectedOf(expectedChecksum), object].map((expected) => compare(content, expected));
  return {
    different: all.flatMap(({ different }) => different),
    untold: all.flatMap(({ untold }) => untold),
  };
}

function compare({ checksum, osHashAlgo, osHashValue }: Content, { md5, sha512 }: Expected): Comparison {
  const isSha512 = osHashAlgo?.toLowerCase() === "sha512";
  const both = [
    { name: "MD5", told: checksum, expected: md5 },
    { name: "SHA-512", told: isSha512 ? osHashValue : undefined, expected: sha512 },
  ].filter(({ expected }) => expected !== undefined);
  const told = both.filter((one) => one.told !== undefined);
  const different = told
    .filter((one) => one.told?.toLowerCase() !== one.expected)
    .map((one) => `its ${one.name} is ${String(one.told)}, and should be ${String(one.expected)}`);
  // One of the two is proof enough.
  const names = both.map(({ name }) => name).join(" or ");
  return {
    different,
    untold: both.length > 0 && told.length === 0 ? [`SCP does not tell its ${names}`] : [],
  };
}

/** An active image is of another content than it is to be. */
export class ContentError extends ImageError {}

/**
 * Refuses an active image that is not of the content that it is to have: what depends on it must not go on with it.
 * @throws ImageError
 */
export function verifyContent(
  id: string,
  content: Content,
  declared: Declared & { verify?: Verify },
  warn: (text: string) => void,
): void {
  const { verify = "fail" } = declared;
  const { different, untold } = compareContent(content, declared);
  const found = [...different, ...untold];
  if (verify === "off" || found.length === 0) {
    return;
  }
  const text = `Image ${id} is active, but ${found.join("; ")}.`;
  if (verify === "warn") {
    warn(text);
    return;
  }
  const asItIs = `To take the image as it is, set verify to "warn".`;
  if (different.length === 0) {
    throw new ImageError(`${text} So it cannot be verified. ${asItIs}`);
  }
  throw new ContentError(
    `${text} Another file may have been imported, or a part of it got lost; or SCP has converted it. To make it anew, run pulumi up with ` +
      `--replace and the URN of the ImageRecord. ${asItIs}`,
  );
}
