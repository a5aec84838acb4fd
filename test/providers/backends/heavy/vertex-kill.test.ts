import { test } from 'node:test';
import { launchDiesAnywhere } from '../vertex-launch-table.ts';

test('a launch that dies at any of its awaits, then begun again on the same machine: exactly one job is there, and it is attached to', (t) =>
  launchDiesAnywhere(t, 'on the same machine'));
