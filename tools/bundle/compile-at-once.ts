import ts from 'typescript';

/**
 * A chunk with its modules in parentheses, `1: ((module, exports) => { … })`. V8 takes them as the sign of a function that is called at once and
 * compiles it as it reads it; without them, as terser leaves modules, it reads each a second time when it is called.
 */
export function compileAtOnce(chunk: string): string {
  const modules = modulesOf(ts.createSourceFile('chunk.js', chunk, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS));
  const parts: string[] = [];
  let at = 0;
  for (const { pos, end } of modules) {
    parts.push(chunk.slice(at, pos), '(', chunk.slice(pos, end), ')');
    at = end;
  }
  return parts.join('') + chunk.slice(at);
}

/** The functions in `exports.modules = { … }`, in order. */
function modulesOf(file: ts.SourceFile): readonly ts.Node[] {
  return file.statements.flatMap((statement) => {
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return [];
    const { left, right } = statement.expression;
    const named = ts.isPropertyAccessExpression(left) && left.name.text === 'modules';
    if (!named || !ts.isObjectLiteralExpression(right)) return [];
    return right.properties.flatMap((property) => (ts.isPropertyAssignment(property) ? property.initializer : []));
  });
}
