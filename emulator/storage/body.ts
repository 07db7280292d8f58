import { S3Error } from "./errors";
import type { S3Call } from "./call";
import type { Node } from "./node";
import { Upload } from "./upload";

const largestXml = 2 * 1024 * 1024;

/** The XML of a request's body, checked like any body; undefined when the body is empty. */
export async function xmlBody(call: S3Call, root: string): Promise<Node | undefined> {
  const chunks: Buffer[] = [];
  const upload = new Upload(call, call.signing);
  for await (const chunk of upload.bytes()) {
    if (upload.size > largestXml) throw new S3Error("MalformedXML", "The XML is too long.");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : await parsed(text, root);
}

async function parsed(text: string, root: string): Promise<Node> {
  // Loaded here: most who start an emulator send no XML.
  const { DOMParser } = await import("@xmldom/xmldom");
  const malformed = () => new S3Error("MalformedXML", `The body is no ${root}.`);
  const onError = () => {
    throw malformed();
  };
  if (/<!DOCTYPE/i.test(text)) throw malformed();
  const node = tried(() => new DOMParser({ onError }).parseFromString(text, "text/xml").documentElement);
  if (node?.localName !== root) throw malformed();
  return node;
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
