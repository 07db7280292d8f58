import { header } from "../http";
import type { StoredObject } from "../store";
import type { S3Call } from "./call";
import { S3Error } from "./errors";

export interface Range {
  start: number;
  /** Exclusive. */
  end: number;
  /** Whether a part was asked for, be it all of the object. */
  isPart: boolean;
}

/** What a GET or HEAD asks for: one range of bytes, one part of a multipart upload, or everything. */
export function rangeOf(call: S3Call, object: StoredObject): Range {
  const number = call.query.get("partNumber");
  const given = header(call, "range");
  if (number === null) return given === undefined ? whole(object.size) : bytes(given, object.size);
  if (given !== undefined) throw new S3Error("InvalidRequest", "A range and a part exclude each other.");
  return part(Number(number), object);
}

const whole = (size: number): Range => ({ start: 0, end: size, isPart: false });

/** Who asks for what is no single range gets everything. */
function bytes(given: string, size: number): Range {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(given) ?? [];
  const nonsense = first === "" ? last === "" : last !== "" && Number(last) < Number(first);
  if (nonsense) return whole(size);
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start < end) return { start, end, isPart: true };
  const headers = { "content-range": `bytes */${size}` };
  throw new S3Error("InvalidRange", "The object has no such range.", headers);
}

function part(number: number, { pieces, size }: StoredObject): Range {
  const piece = pieces[number - 1];
  if (!piece) throw new S3Error("InvalidRange", "The object has no such part.");
  if (pieces.length === 1) return { start: 0, end: size, isPart: size > 0 };
  const start = pieces.slice(0, number - 1).reduce((sum, before) => sum + before.size, 0);
  return { start, end: start + piece.size, isPart: true };
}
