import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patience as signal } from '../../../contracts/scratch.ts';
import { emptyGitRegistry } from '../git-registry.ts';

test('git registry: of twenty changes at once one wins each round and none is lost', async (context) => {
  const { again, github, lines, registry } = await emptyGitRegistry(context);
  const outcome = { run: 'r', at: '2026-11-21T10:00:00Z', outcome: 'passed' as const };
  const keys = Array.from({ length: 20 }, (_, each) => `key${each}`);
  await Promise.all(
    keys.map((key) => again().updateState('churn', (state) => ({ ...state, outcomes: { ...state.outcomes, [key]: outcome } }), signal)),
  );
  assert.deepEqual(Object.keys((await registry.state('churn', signal)).outcomes).sort(), [...keys].sort());
  assert.equal((await lines()).length, 21, 'the first commit and one for each, in one line');
  assert.equal(await github.git.text(['rev-list', '--merges', '--count', 'retrain-registry']), '0');
});
