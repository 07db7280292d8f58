import { ScpError } from "../api/errors";
import { SettingsError } from "../api/settings";
import { FileError } from "../file/file-error";
import { ObjectStorageError } from "../object-storage/errors";
import { ImageError } from "./image-error";

/** Whether an error is one of those that are thrown with a message for the user, which says all there is to say. */
export function isExpected(error: unknown): error is Error {
  return [ScpError, SettingsError, ImageError, FileError, ObjectStorageError].some(
    (kind) => error instanceof kind,
  );
}
