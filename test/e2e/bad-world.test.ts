import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { assertNothingHalfDone, assertRefused } from './refusal.ts';

const tabular = (python: string): string =>
  ownPipeline().replace(/^train: .*$/m, `train: { algorithms: [logistic_regression], python: { python: ${python} } }`);

test('a Python that is missing or too old: exit 2, found before anything is read', async () => {
  await using project = await ownProject({
    'churn.yaml': tabular('./tools/python'),
    'data.csv': customers(60),
    'tools/python': '#!/bin/sh\n[ "$1" = -c ] && printf "3 9 1 %s" "$0"\n',
  });
  await chmod(join(project.folder, 'tools/python'), 0o755);
  const old = await project.retrain(['run', 'churn.yaml']);
  await assertRefused(project, old, 2, [
    /Expected Python 3\.10 or newer at .*tools\/python, found: .*\(3\.9\.1\) is too old/,
    /train\.python\.python/,
  ]);

  await project.write('churn.yaml', tabular('/nowhere/python3'));
  const none = await project.retrain(['run', 'churn.yaml']);
  await assertRefused(project, none, 2, [/Expected Python 3\.10 or newer at \/nowhere\/python3, found none/, /Install Python/]);
});

test('requirements that cannot be installed, because there is no network: exit 3, no half-built environment', async () => {
  const text = ownPipeline().replace(/^train: .*$/m, 'train: { algorithms: [logistic_regression] }');
  await using project = await ownProject({ 'churn.yaml': text, 'data.csv': customers(60) });
  const cache = join(project.folder, 'cache');
  const offline = { RETRAIN_CACHE: cache, PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '0' };
  const ended = await project.retrain(['run', 'churn.yaml'], offline);
  await assertRefused(project, ended, 3, [/The package registry cannot be reached \(looking for \S+==/, /Check the network/]);
  await assertNothingHalfDone(project, 'cache');
  const environments = await readdir(cache, { recursive: true });
  assert.deepEqual(
    environments.filter((path) => /pyvenv\.cfg$/.test(path)),
    [],
    'no environment is left that another run would use',
  );
});

test('a registry folder that is a file: exit 2 before training, and the same for the home folder', async () => {
  await using project = await ownProject({
    'churn.yaml': `${ownPipeline()}registry: file:blocked\n`,
    'data.csv': customers(60),
    blocked: 'a file',
  });
  const ended = await project.retrain(['run', 'churn.yaml']);
  await assertRefused(project, ended, 2, [/blocked/, /not a folder|a file lies|is a file/i]);
  await assert.rejects(project.read('trainer.log'), 'the trainer was never started');
  assert.equal(await project.read('blocked'), 'a file');

  const home = await project.retrain(['run', 'churn.yaml', '--home', 'blocked']);
  await assertRefused(project, home, 2, [/The home folder .*blocked cannot be made/, /--home/]);
});

test('a disk that is full: exit 3 with a word about it; what was there before stays whole, and a run with room works', async (t) => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline(), 'data.csv': customers(3000) });
  const home = join(project.folder, 'small');
  await mkdir(home);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', home], { stdio: 'ignore' });
  } catch {
    assert.ok(!process.env.CI, 'A full disk could not be made: mounting a tmpfs needs root. CI must be able to.');
    t.diagnostic('NOT PROVEN HERE: a full disk needs a tmpfs, and mounting one needs root.');
    return;
  }
  try {
    const ended = await project.retrain(['run', 'churn.yaml', '--home', 'small'], { RETRAIN_CACHE: join(project.folder, 'cache') });
    await assertRefused(project, ended, 3, [/no space left|disk is full/i, /small/]);
    await assertNothingHalfDone(project, 'small');
    execFileSync('mount', ['-o', 'remount,size=20m', home], { stdio: 'ignore' });
    const again = await project.retrain(['run', 'churn.yaml', '--home', 'small'], { RETRAIN_CACHE: join(project.folder, 'cache') });
    assert.equal(again.code, 0, again.out + again.err);
  } finally {
    execFileSync('umount', [home], { stdio: 'ignore' });
  }
});
