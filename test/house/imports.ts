import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import ts from 'typescript';

export const root = dirname(dirname(import.meta.dirname));

/** One import of one file. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** File within `src` for a relative import; undefined for a package. */
  readonly file?: string;
  readonly line: number;
  /** Gone when the types are: no code is loaded. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

export interface SourceFile {
  /** Relative to `src`, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Lines on which `import.meta` and `process.env` stand. */
  readonly importMeta: readonly number[];
  readonly processEnv: readonly number[];
}

/** Every TypeScript file under `folder` (the real `src` by default) with what it imports. */
export function readSources(folder = join(root, 'src')): SourceFile[] {
  return globSync('**/*.ts', { cwd: folder })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => readSource(path, readFileSync(join(folder, path), 'utf8')));
}

/** What one source file imports. */
export function readSource(path: string, text: string): SourceFile {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const importMeta: number[] = [];
  const processEnv: number[] = [];
  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean, dynamic: boolean) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const file = specifier.text.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier.text)) : undefined;
    imports.push({ specifier: specifier.text, ...(file === undefined ? {} : { file }), line: lineOf(node), typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, onlyTypes(node.importClause), false);
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly, false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal, true, false);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], false, true);
    else if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) importMeta.push(lineOf(node));
    else if (readsEnvironment(node)) processEnv.push(lineOf(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path, text, lines: source.getLineStarts().length - (text.endsWith('\n') ? 1 : 0), imports, importMeta, processEnv };
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const { name, namedBindings } = clause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

/** `process.env`, `process['env']`, `{ env } = process`, `import { env } from 'node:process'`. */
function readsEnvironment(node: ts.Node): boolean {
  const isProcess = (expression: ts.Node | undefined) =>
    expression !== undefined && ts.isIdentifier(expression) && expression.text === 'process';
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === 'env';
  if (ts.isElementAccessExpression(node)) {
    return isProcess(node.expression) && ts.isStringLiteralLike(node.argumentExpression) && node.argumentExpression.text === 'env';
  }
  const names = (elements: readonly { readonly name: ts.Node; readonly propertyName?: ts.Node }[]) =>
    elements.some((element) => (element.propertyName ?? element.name).getText() === 'env');
  if (ts.isVariableDeclaration(node))
    return ts.isObjectBindingPattern(node.name) && isProcess(node.initializer) && names(node.name.elements);
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return false;
  const bindings = node.importClause?.namedBindings;
  return (
    /^(node:)?process$/.test(node.moduleSpecifier.text) && bindings !== undefined && ts.isNamedImports(bindings) && names(bindings.elements)
  );
}

/** The files on each circle of imports, those of types too; none is the only good answer. */
export function circles(sources: readonly SourceFile[]): string[][] {
  const known = new Map(sources.map((source) => [source.path, source]));
  const state = new Map<string, 'open' | 'done'>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string) => {
    state.set(path, 'open');
    stack.push(path);
    for (const { file } of known.get(path)?.imports ?? []) {
      if (file === undefined || !known.has(file)) continue;
      if (state.get(file) === 'open') found.push([...stack.slice(stack.indexOf(file)), file]);
      else if (!state.has(file)) visit(file);
    }
    stack.pop();
    state.set(path, 'done');
  };
  for (const { path } of sources) if (!state.has(path)) visit(path);
  return found;
}

/** `src/x.ts:3`, to be clicked on. */
export const at = (source: SourceFile, line: number) => `${relative(root, join(root, 'src', source.path))}:${line}`;
