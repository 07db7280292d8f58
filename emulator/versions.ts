/** The versions of the image API, the newest first. Which fields a version shows stands in routes/visible.ts. */
export const versions = [
  { minor: 3, not_before: "2026-07-01", status: "CURRENT" },
  { minor: 2, not_before: "2026-08-31", status: "SUPPORTED" },
  { minor: 1, not_before: "2026-05-31", status: "DEPRECATED" },
  { minor: 0, not_before: "2025-12-31", status: "DEPRECATED" },
] as const;

export const newest = versions[0].minor;

/** The minor number that a header such as `virtualserver 1.3` names; undefined where there is no such version. */
export function minorOf(header: string): number | undefined {
  return versions.find(({ minor }) => header === `virtualserver 1.${minor}`)?.minor;
}
