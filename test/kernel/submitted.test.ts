import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cancelled, faultOf, UserError, WorldError } from '../../src/kernel/errors.ts';
import { beginAll, Submitted } from '../../src/kernel/submitted.ts';

/** What `beginAll` throws for works of these names, and which it began: a name leaves a job elsewhere, an error fails, `done` ends. */
async function begun(works: readonly (string | Error)[]): Promise<{ readonly error: Error; readonly names: readonly string[] }> {
  const names: string[] = [];
  const error = await beginAll(
    works.map((one) => async () => {
      names.push(one instanceof Error ? 'fails' : one);
      if (one instanceof Error) throw one;
      if (one !== 'done') throw new Submitted(`${one} runs`);
    }),
  ).then(
    () => assert.fail('all has ended'),
    (thrown: Error) => thrown,
  );
  return { error, names };
}
const down = new WorldError('down', 'No answer came.');

test('all that can be begun is begun, and then it says which goes on elsewhere', async () => {
  const { error, names } = await begun(['a', 'done', 'b']);
  assert.ok(error instanceof Submitted);
  assert.deepEqual([error.message, faultOf(error), names], ['a runs; b runs', 'ours', ['a', 'done', 'b']]);
});

test('one that fails for good is what is thrown, and no other is begun', async () => {
  for (const reason of [new UserError('bad', 'It is refused.'), new Cancelled(), new RangeError('a fault of ours')]) {
    const { error, names } = await begun(['a', reason, 'b']);
    assert.deepEqual([error, names], [reason, ['a', 'fails']]);
  }
});

test('one that fails for now takes nothing from the run: it is worth another attempt, and what is elsewhere is gone on with', async () => {
  const { error } = await begun(['a', down, 'b']);
  assert.ok(error instanceof Submitted);
  assert.deepEqual([error.message, faultOf(error), error.cause], ['a runs; the rest could not be begun: No answer came.', 'world', down]);
});

test('one that fails for now while nothing is elsewhere is an error like any other', async () => {
  const { error, names } = await begun(['done', down, 'a']);
  assert.deepEqual([error, names], [down, ['done', 'fails']]);
});

test('works within works: what failed for now is worth another attempt of all', async () => {
  const inner = (await begun(['b', down])).error;
  const { error } = await begun(['a', inner, 'c']);
  assert.deepEqual([error.message, faultOf(error)], ['a runs; b runs; the rest could not be begun: No answer came.; c runs', 'world']);
});
