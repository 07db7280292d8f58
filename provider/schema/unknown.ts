/** What Pulumi writes in place of a value that is not known before the deployment has run. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value, or a part of it, is not known before the deployment has run. */
export function isUnknown(value: unknown): boolean {
  if (value === unknownValue) {
    return true;
  }
  return typeof value === "object" && value !== null && Object.values(value).some(isUnknown);
}
