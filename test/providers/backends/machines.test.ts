import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeMachine, machineProblem } from '../../../src/providers/backends/machines.ts';

const problem = (type: string, accelerator?: string, count?: number) =>
  machineProblem({ type, ...(accelerator !== undefined && { accelerator }), ...(count !== undefined && { count }) });

test('two L4 are in a g2-standard-24, not in a g2-standard-8', () => {
  assert.deepEqual(problem('g2-standard-8', 'NVIDIA_L4', 2), {
    key: 'count',
    message: 'g2-standard-8 has exactly 1 × NVIDIA_L4, found 2. With 2: g2-standard-24 (2 × NVIDIA_L4).',
  });
  assert.equal(problem('g2-standard-24', 'NVIDIA_L4', 2), undefined);
  assert.equal(problem('g2-standard-24'), undefined);
  assert.match(problem('g2-standard-8', 'NVIDIA_L4', 3)!.message, /With 3: g2-standard-48 \(4 × NVIDIA_L4\)\./);
  assert.equal(problem('g2-standard-10')!.key, 'type');
});

test('what the type decides need not be said', () => {
  assert.deepEqual(completeMachine({ type: 'g2-standard-48' }), { type: 'g2-standard-48', accelerator: 'NVIDIA_L4', count: 4 });
  assert.deepEqual(completeMachine({ type: 'n1-standard-8', accelerator: 'NVIDIA_TESLA_T4' }), {
    type: 'n1-standard-8',
    accelerator: 'NVIDIA_TESLA_T4',
    count: 1,
  });
  assert.deepEqual(completeMachine({ type: 'n1-standard-8' }), { type: 'n1-standard-8' });
});

test('GPUs that are attached: to n1 only, in the numbers they come in; those that are built in name their machine', () => {
  assert.equal(problem('n1-standard-8', 'NVIDIA_TESLA_T4', 2), undefined);
  assert.match(problem('n1-standard-8', 'NVIDIA_TESLA_T4', 3)!.message, /comes in 1, 2, 4, found 3/);
  assert.match(problem('n2-standard-8', 'NVIDIA_TESLA_T4')!.message, /series n1 only, found n2-standard-8/);
  assert.match(problem('n1-standard-8', 'NVIDIA_L4', 4)!.message, /4 are in g2-standard-48/);
  assert.equal(problem('c3-standard-8'), undefined, 'the service knows');
});
