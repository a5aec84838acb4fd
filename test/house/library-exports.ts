import { join } from 'node:path';
import ts from 'typescript';
import { root } from './imports.ts';

export interface LibraryExport {
  readonly room: string;
  readonly name: string;
  readonly file: string;
  readonly callable: boolean;
  readonly documented: boolean;
}

/** What each room's `index.ts` lets others import: its values, whether they can be called, and whether a docstring stands before them. */
export function libraryExports(rooms: readonly string[]): LibraryExport[] {
  const entries = rooms.map((room) => join(root, 'src', room, 'index.ts'));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
  };
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  return entries.flatMap((entry, at) => {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} exports nothing.`);
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const declared = symbol.valueDeclaration;
      if (declared === undefined) return [];
      const type = checker.getTypeOfSymbolAtLocation(symbol, declared);
      const file = declared.getSourceFile().fileName.slice(root.length + 1);
      const documented = symbol.getDocumentationComment(checker).length > 0;
      return [{ room: rooms[at]!, name: exported.name, file, callable: type.getCallSignatures().length > 0, documented }];
    });
  });
}
