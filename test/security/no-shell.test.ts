import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { logLines } from '../../src/hosts/action/runner.ts';
import { root } from '../../tools/process.ts';
import { fixture, freshFolder, jobSpec, outcomeOf, testBackend } from '../providers/backends/trainer-jobs.ts';

test('S6: a folder whose name a shell would run is trained in, and run nothing', async (context) => {
  const outer = freshFolder(context);
  const folder = join(outer, `$(touch x);'"\`touch y\` & touch z`);
  mkdirSync(folder);
  const spec = jobSpec(folder, fixture('priors-trainer'), 'fit', {});
  const { last } = await outcomeOf(testBackend(context, { workspace: folder, jobs: join(folder, 'jobs') }), spec);
  assert.equal(last.state, 'succeeded', last.error);
  const names = readdirSync(outer, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    names.filter((name) => /(?:^|\/)[xyz]$/.test(name)),
    [],
  );
});

test('S6: nothing in the sources starts a shell', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const name of sources) {
    const text = readFileSync(join(root, 'src', name), 'utf8');
    assert.doesNotMatch(text, /\bshell:\s*(?!false)/, name);
    const imported = /import \{([^}]*)\} from 'node:child_process'/.exec(text)?.[1] ?? '';
    assert.doesNotMatch(imported, /\bexec(?:Sync)?\b/, name);
  }
});

test('S5: what turns, hides or acts is gone from a line of the log, or shown', () => {
  for (const line of logLines('a\u202eb \x1b]8;;http://x\x07link nul\0\r\n ::error::x\n##[error]y\u2066'))
    assert.doesNotMatch(line, /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|^\s*::|##\[/);
});
