import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryAt, repositoryOfRemote } from '../../../src/providers/forge/git-remote.ts';
import { openForge } from '../../../src/providers/forge/open-forge.ts';
import { scratchFolder } from '../../contracts/scratch.ts';
import { appears, within } from '../../e2e/appears.ts';
import { customers } from '../../e2e/customers.ts';
import { ownPipeline, ownProject } from '../../e2e/own-trainer.ts';
import { Project, runs } from '../../e2e/support.ts';
import { githubStandIn } from '../../stand-ins/github.ts';

const git = (folder: string, ...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'pipe' });

test('owner and name are read from every form of an address on that server, and from no other', () => {
  const found = (address: string, host = 'github.com') => repositoryAt(address, host);
  for (const address of [
    'https://github.com/acme/models',
    'https://github.com/acme/models.git',
    'https://github.com/acme/models/',
    'https://x-access-token:secret@github.com/acme/models.git',
    'https://GitHub.com/acme/models',
    'git@github.com:acme/models.git',
    'github.com:acme/models',
    'ssh://git@github.com/acme/models.git',
    'ssh://git@github.com:22/acme/models.git',
    'git://github.com/acme/models.git',
  ])
    assert.equal(found(address), 'acme/models', address);
  for (const address of [
    'https://gitlab.com/acme/models.git',
    'https://github.com.example.com/acme/models',
    'https://example.com/github.com/acme/models',
    'git@example.com:acme/models.git',
    'https://github.com/acme',
    'https://github.com/acme/models/tree/main',
    '/srv/git/models.git',
    'C:\\models',
    '../models',
    '',
  ])
    assert.equal(found(address), undefined, address);
  assert.equal(found('git@git.acme.example:ml/models.git', 'git.acme.example'), 'ml/models');
});

test('the remote `origin` names the repository where the environment does not; the environment comes first', async (context) => {
  const folder = await scratchFolder(context);
  const env = { PATH: process.env.PATH, HOME: folder, GITHUB_TOKEN: 'token' };
  const forge = (more: Readonly<Record<string, string>> = {}) => openForge({ base: folder, env: { ...env, ...more }, log: () => {} });
  await assert.rejects(forge(), { code: 'no-forge', message: /GITHUB_REPOSITORY \(owner\/name; no remote `origin` here names one/ });
  git(folder, 'init', '-q');
  await assert.rejects(forge(), { code: 'no-forge' });
  git(folder, 'remote', 'add', 'origin', 'git@github.com:acme/models.git');
  assert.equal((await forge()).repository, 'acme/models');
  assert.equal((await forge({ GITHUB_REPOSITORY: 'acme/other' })).repository, 'acme/other');
  assert.equal(await repositoryOfRemote(folder, env, { server: 'https://git.acme.example' }), undefined, 'another server');
  assert.equal(await repositoryOfRemote(folder, { ...env, PATH: '' }), undefined, 'no git here');
});

test('a git that hangs and minds no SIGTERM ends with the signal, and so does opening the forge', async (context) => {
  const project = await Project.make({});
  context.after(() => project[Symbol.asyncDispose]());
  await project.write('bin/git', '#!/bin/sh\ntrap "" TERM\necho $$ > "$2/git.pid"\nwhile :; do sleep 0.1; done\n');
  await chmod(join(project.folder, 'bin', 'git'), 0o755);
  const env = { PATH: `${join(project.folder, 'bin')}:${process.env.PATH}`, GITHUB_TOKEN: 'token' };
  const stop = new AbortController();
  const opening = openForge({ base: project.folder, env, log: () => {}, signal: stop.signal });
  const refused = assert.rejects(opening, { name: 'AbortError' });
  const pid = Number(await appears(project, 'git.pid'));
  context.after(async () => (await runs(pid)) && process.kill(pid, 'SIGKILL'));
  stop.abort();
  await refused;
  await within(5_000, 'the end of git', async () => !(await runs(pid)));
  await assert.rejects(openForge({ base: project.folder, env, log: () => {}, signal: stop.signal }), { name: 'AbortError' });
});

test('plan in a clone, with `registry: git`: nothing but a token is needed', async (context) => {
  const github = await githubStandIn(context);
  await using project = await ownProject({ 'churn.yaml': ownPipeline('good', { more: 'registry: git\n' }), 'data.csv': customers(60) });
  git(project.folder, 'init', '-q');
  git(project.folder, 'remote', 'add', 'origin', 'https://github.com/acme/models.git');
  const planned = await project.retrain(['plan', 'churn.yaml'], { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.apiUrl });
  assert.equal(planned.code, 0, planned.out + planned.err);
  assert.match(planned.out, /https:\/\/github\.com\/acme\/models\/tree\/retrain-registry/);
});
