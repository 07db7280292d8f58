import ts from "typescript";

/** What an editor shows at the properties of a type: by type that a module exports, and by property. Those of other packages are left out. */
export function documentationOf(declarations: string): Map<string, Record<string, string>> {
  const program = ts.createProgram([declarations], {
    moduleResolution: ts.ModuleResolutionKind.Node16,
    module: ts.ModuleKind.Node16,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(declarations)!)!;
  const isShown = ({ declarations: places = [] }: ts.Symbol) =>
    places.every(
      (place) =>
        !(ts.getCombinedModifierFlags(place) & ts.ModifierFlags.Private) &&
        !/\/node_modules\/(?!pulumi-scp-images\/)[^]*$/.test(place.getSourceFile().fileName),
    );
  const textsOf = (symbol: ts.Symbol) =>
    Object.fromEntries(
      checker
        .getDeclaredTypeOfSymbol(symbol)
        .getProperties()
        .filter(isShown)
        .map((property) => [
          property.name,
          ts.displayPartsToString(property.getDocumentationComment(checker)).replace(/\s+/g, " "),
        ]),
    );
  const exported = checker
    .getExportsOfModule(module)
    .map((one): [string, ts.Symbol] => [
      one.name,
      one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one,
    ]);
  const types = exported.filter(
    ([, { flags }]) => flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class | ts.SymbolFlags.TypeAlias),
  );
  return new Map(types.map(([name, symbol]) => [name, textsOf(symbol)]));
}
