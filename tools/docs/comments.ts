import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const repository = dirname(require.resolve("pulumi-scp-images/package.json"));

/**
 * The doc comments in a description: what users read of each property. The comment in the source is the only text there is. Of what a
 * description spreads, they stand where that is written.
 */
export function commentsOf(module: string, description: string): Record<string, string> {
  return commentsIn(sourceOf(join(repository, "provider", "schema", `${module}.ts`)), description);
}

function sourceOf(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

function commentsIn(source: ts.SourceFile, constant: string): Record<string, string> {
  const literal = literalOf(source, constant);
  if (literal === undefined) {
    const module = moduleOf(source, constant);
    return commentsIn(sourceOf(join(dirname(source.fileName), `${module}.ts`)), constant);
  }
  return Object.fromEntries(
    literal.properties.flatMap((property) => Object.entries(commentsAt(source, property))),
  );
}

function commentsAt(source: ts.SourceFile, property: ts.ObjectLiteralElementLike): Record<string, string> {
  if (ts.isSpreadAssignment(property)) {
    return commentsIn(source, property.expression.getText(source));
  }
  const text = ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(property).at(-1)?.comment);
  return text === undefined ? {} : { [property.name.getText(source)]: text.replace(/\s+/g, " ") };
}

/** The object literal of this name; undefined where the file has none, so that it comes from another. */
function literalOf(source: ts.SourceFile, name: string): ts.ObjectLiteralExpression | undefined {
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
  return undefined;
}

/** The module beside this one that a name is imported from. */
function moduleOf(source: ts.SourceFile, name: string): string {
  for (const statement of source.statements) {
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
    const isIt =
      bindings !== undefined &&
      ts.isNamedImports(bindings) &&
      bindings.elements.some((element) => element.name.text === name);
    if (isIt && ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      return statement.moduleSpecifier.text;
    }
  }
  throw new Error(`There is no object literal ${name} in ${source.fileName}.`);
}
