/** What the importer itself asks Object Storage is no call of ours. */
const importers = new Set(["headObject", "getObject", "putObject"]);

/** Calls by operation, between two of the emulator's counts. */
export function callsSince(
  before: Record<string, number>,
  after: Record<string, number>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([operation, count]): [string, number] => [operation, count - (before[operation] ?? 0)])
      .filter(([operation, count]) => count > 0 && !importers.has(operation)),
  );
}

export function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
