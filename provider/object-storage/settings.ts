import { isLoopback } from "../api/regions";
import { ObjectStorageError } from "./errors";

/** Where Object Storage is, and who asks. */
export interface ObjectStoreSettings {
  /** Its base URL: https, or http on this machine. */
  endpoint: string;
  region: string;
  accessKey: string;
  secretKey: string;
}

/** How patient the connection is. Milliseconds. */
export interface StoragePatience {
  /** How long a connection may take to be made. */
  connectTimeout: number;
  /** How long a connection may be silent. */
  silence: number;
  /** The same while the service puts the parts of an upload together, which takes it minutes for a large one. */
  completeSilence: number;
  /** How often a request is tried in all. */
  attempts: number;
  /** The first pause between tries, doubled each time. */
  initialBackoff: number;
  maxBackoff: number;
}

export const defaultPatience: StoragePatience = {
  connectTimeout: 10_000,
  silence: 60_000,
  completeSilence: 10 * 60_000,
  attempts: 6,
  initialBackoff: 500,
  maxBackoff: 20_000,
};

/** @throws ObjectStorageError where the endpoint is none, or would carry signed requests in the open. */
export function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === undefined || !isSafe || url.username !== "" || url.password !== "" || url.search !== "") {
    throw new ObjectStorageError({
      failure: "invalid",
      operation: "Connect to Object Storage",
      detail:
        "The endpoint must be a plain https URL; http would carry signed requests in the open, and is for this machine's own addresses",
    });
  }
}
