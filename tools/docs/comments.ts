import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const repository = dirname(require.resolve("pulumi-scp-images/package.json"));

/** The doc comments in a description: what users read of each property. The comment in the source is the only text there is. */
export function commentsOf(module: string, description: string): Record<string, string> {
  const path = join(repository, "provider", "schema", `${module}.ts`);
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const literal = literalOf(source, description);
  return Object.fromEntries(
    literal.properties.flatMap((property) => {
      const text = ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(property).at(-1)?.comment);
      return property.name === undefined || text === undefined
        ? []
        : [[property.name.getText(source), text.replace(/\s+/g, " ")]];
    }),
  );
}

function literalOf(source: ts.SourceFile, name: string): ts.ObjectLiteralExpression {
  for (const statement of source.statements) {
    const [declaration] = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
    const { initializer } = declaration ?? {};
    if (
      declaration?.name.getText(source) === name &&
      initializer &&
      ts.isObjectLiteralExpression(initializer)
    ) {
      return initializer;
    }
  }
  throw new Error(`There is no object literal ${name} in ${source.fileName}.`);
}
