import Table from "cli-table3";

interface Row {
  name: string;
  id: string;
  status: string;
  size?: number;
  virtualSize?: number;
}

/** The images among a stack's outputs as a small table. */
export function imagesTable(outputs: Record<string, unknown>): string {
  const images = outputs.images as Row[] | undefined;
  if (images === undefined) {
    return "";
  }
  const table = new Table({
    head: ["image", "status", "file", "disk", "id"],
    style: { head: [], border: [] },
  });
  table.push(
    ...images.map(({ name, id, status, size, virtualSize }) => [
      name,
      status,
      bytes(size),
      bytes(virtualSize),
      id,
    ]),
  );
  return `\n${table.toString()}\n`;
}

/** A size for people: `320.5 KiB`, `1 GiB`. */
function bytes(size: number | undefined): string {
  if (size === undefined) {
    return "";
  }
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = size === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(size) / 10));
  return `${Number((size / 1024 ** power).toFixed(1))} ${units[power]}`;
}
