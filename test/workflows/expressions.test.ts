import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { evaluate, fromData, holds, resolved, resolvedText, type Scope } from '../stand-ins/expressions.ts';

interface Golden {
  readonly version: string;
  readonly cases: readonly {
    readonly of: string;
    readonly expr: string;
    readonly contexts?: Readonly<Record<string, unknown>>;
    readonly result?: { readonly kind: string; readonly value: unknown };
    readonly err?: { readonly value: string };
  }[];
}

const golden = JSON.parse(await readFile(join(import.meta.dirname, 'golden', 'expressions.json'), 'utf8')) as Golden;
const status = { always: true, success: true, failure: false, cancelled: false };
/** How JSON writes numbers that it has no sign for. */
const NUMBERS: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity };

test(`the executor gives what the test data of GitHub's own package asks for, as a value, as a condition and as text: ${golden.cases.length} expressions`, async () => {
  const installed = JSON.parse(
    await readFile(join(import.meta.dirname, '..', '..', 'node_modules', '@actions', 'expressions', 'package.json'), 'utf8'),
  ) as {
    version: string;
  };
  assert.equal(golden.version, installed.version, 'the data is of another version: tools/golden/expressions.ts');
  for (const { of, expr, contexts = {}, result, err } of golden.cases) {
    const scope: Scope = { contexts, status };
    const where = `${of}: ${expr}`;
    if (err !== undefined) {
      assert.throws(() => evaluate(expr, scope), where);
      continue;
    }
    const value = result!.kind === 'Number' && typeof result!.value === 'string' ? NUMBERS[result!.value] : result!.value;
    const found = evaluate(expr, scope);
    const given = fromData(found);
    // JSON has one zero.
    assert.deepEqual(given === 0 ? 0 : given, value ?? null, where);
    // An expression in a text ends at the first `}}`; a condition has no such end.
    assert.equal(holds(expr, scope), !(value === null || value === false || value === 0 || value === '' || Number.isNaN(value)), where);
    if (!expr.includes('}}') && typeof value !== 'object') {
      assert.equal(resolved(`\${{ ${expr} }}`, scope), given, where);
      assert.equal(resolvedText(`<\${{ ${expr} }}>`, scope), `<${found.coerceString()}>`, where);
    }
  }
});

test('a status function says what the scope says, and a condition is the truth of its value', () => {
  const scope = (cancelled: boolean): Scope => ({ contexts: { steps: { a: { outputs: { n: '' } } } }, status: { ...status, cancelled } });
  assert.equal(holds('!cancelled() && steps.a.outputs.n == null', scope(false)), true);
  assert.equal(holds('!cancelled()', scope(true)), false);
  assert.equal(holds("steps.a.outputs.n || 'x'", scope(false)), true);
});
