// Secrets at rest, as Pulumi's passphrase provider writes them: AES-256-GCM, under a key made of passphrase and salt.

import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const SALT_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MARK = "pulumi"; // encrypted beside the salt: a wrong passphrase is known by it

const derive = promisify(pbkdf2);
// A second of work each, by design; one stack asks for the same key again and again.
const keys = new Map<string, Promise<Buffer>>();

async function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = `${passphrase}\0${salt.toString("base64")}`;
  const key = keys.get(name) ?? derive(passphrase, salt, ITERATIONS, KEY_BYTES, "sha256");
  keys.set(name, key);
  return key;
}

export class Crypter {
  private constructor(
    private readonly key: Buffer,
    /** What the state, and `encryptionsalt` of a stack's settings, hold: v1:<salt>:<encrypted mark> */
    readonly salt: string,
  ) {}

  static async create(passphrase: string): Promise<Crypter> {
    const salt = randomBytes(SALT_BYTES);
    const key = await keyOf(passphrase, salt);
    return new Crypter(key, `v1:${salt.toString("base64")}:${encrypt(key, MARK)}`);
  }

  static async open(passphrase: string, salt: string): Promise<Crypter> {
    const [version, bytes = "", ...mark] = salt.split(":");
    if (version !== "v1") throw new Error(`unknown version of the encryption salt: ${version ?? ""}`);
    const key = await keyOf(passphrase, Buffer.from(bytes, "base64"));
    const crypter = new Crypter(key, salt);
    crypter.decrypt(mark.join(":"));
    return crypter;
  }

  encrypt(text: string): string {
    return encrypt(this.key, text);
  }

  decrypt(ciphertext: string): string {
    const [version, nonce = "", body = ""] = ciphertext.split(":");
    if (version !== "v1") throw new Error(`unknown version of a secret: ${version ?? ""}`);
    const bytes = Buffer.from(body, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    } catch {
      throw new Error("incorrect passphrase");
    }
  }
}

function encrypt(key: Buffer, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${body.toString("base64")}`;
}

/** The passphrase as the CLI finds it in an environment. */
export function passphraseFrom(env: NodeJS.ProcessEnv): string | undefined {
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return env.PULUMI_CONFIG_PASSPHRASE ?? (file ? readFileSync(file, "utf8").trim() : undefined);
}
