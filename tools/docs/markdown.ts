// Tables in Markdown, and the places of a document that are theirs.

/** @param head the first row */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, head.map(() => "---"), ...rows];
  return cells.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}

/** A document with what stands between the marks of a table replaced. */
export function withTable(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- table: ${name} -->`, `<!-- end: ${name} -->`];
  const [before, after] = [document.indexOf(begin), document.indexOf(end)];
  if (before < 0 || after < 0) {
    throw new Error(`There is no place for the table "${name}": ${begin} and ${end}.`);
  }
  return `${document.slice(0, before + begin.length)}\n\n${content}\n\n${document.slice(after)}`;
}
