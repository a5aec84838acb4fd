import { test } from 'node:test';
import { detachedDiesAnywhere, launchDiesAnywhere } from '../vertex-launch-table.ts';

test('a launch that dies at any of its awaits, then begun again on the same machine: exactly one job is there, and it is attached to', (t) =>
  launchDiesAnywhere(t, 'on the same machine'));

test('a detached run of two algorithms that dies at any of its awaits, then begun again on another machine: each has exactly one job', (t) =>
  detachedDiesAnywhere(t, false));

test('a forced detached run of two algorithms that dies at any of its awaits, then begun again: each has exactly one job', (t) =>
  detachedDiesAnywhere(t, true));
