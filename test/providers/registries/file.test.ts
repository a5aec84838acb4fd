import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { thisProcess } from '../../../src/kernel/process-owner.ts';
import { fileRegistry } from '../../../src/providers/registries/file.ts';
import { draftOf, registryContract, sha256 } from '../../contracts/registry.ts';
import { mounted, scratchFolder, patience as signal } from '../../contracts/scratch.ts';

async function emptyRegistry(context: TestContext) {
  const root = join(await scratchFolder(context), 'registry');
  const said: string[] = [];
  const again = () => fileRegistry({ root, log: (line) => said.push(line) });
  return { root, said, again, registry: again() };
}

registryContract('file', emptyRegistry);

function otherProcess(context: TestContext, ...argv: string[]): { child: ChildProcess; line: () => Promise<string> } {
  const child = spawn(process.execPath, [join(process.cwd(), 'test/providers/registries/other-process.ts'), ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return { child, line: async () => String((await lines.next()).value) };
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('file registry: of processes that promote at once exactly one wins', async (context) => {
  const { root, registry } = await emptyRegistry(context);
  for (const seed of ['a', 'b', 'c']) await registry.add('churn', await draftOf(context, seed), signal);
  const others = [1, 2, 3].map((version) => otherProcess(context, 'promote', root, String(version)));
  for (const { line } of others) assert.equal(await line(), 'ready');
  for (const { child } of others) child.stdin?.write('go\n');
  const said = await Promise.all(others.map(({ line }) => line()));
  assert.deepEqual(said.sort(), ['alias-moved', 'alias-moved', 'won']);
  assert.equal((await registry.aliases('churn', signal)).generation, 1);
});

test('file registry: a process killed while it makes a version leaves none, and its leftovers are swept', async (context) => {
  const { root, said, registry } = await emptyRegistry(context);
  const draft = await draftOf(context, 'a');
  const other = otherProcess(context, 'hang-staged', root, draft.files['profile.json'] as string);
  assert.equal(await other.line(), 'ready');
  assert.equal((await readdir(join(root, 'churn', '.staging'))).length, 1);

  await registry.append('churn', { at: 't', event: 'reset', text: 'while the other lives' }, signal);
  assert.equal((await readdir(join(root, 'churn', '.staging'))).length, 1, 'a living process keeps what it makes');

  await killed(other.child);
  assert.deepEqual(await registry.versions('churn', signal), []);
  assert.equal((await registry.add('churn', draft, signal)).version, 1);
  assert.deepEqual(await readdir(join(root, 'churn', '.staging')), []);
  assert.match(said.join('\n'), /version in the making whose process has ended/);
});

test('file registry: the lock of a living process is waited for, that of a dead one taken over with a word', async (context) => {
  const { root, said } = await emptyRegistry(context);
  const other = otherProcess(context, 'hang-locked', root);
  assert.equal(await other.line(), 'ready');
  const impatient = fileRegistry({ root, lockWaitSeconds: 0.1, log: (line) => said.push(line) });
  await assert.rejects(impatient.append('churn', { at: 't', event: 'reset', text: 'x' }, signal), {
    code: 'locked',
    fault: 'world',
    message: new RegExp(`held by process ${other.child.pid} `),
  });
  await killed(other.child);
  await Promise.all(
    ['1', '2', '3', '4'].map((text) =>
      fileRegistry({ root, log: (line) => said.push(line) }).append('churn', { at: text, event: 'reset', text }, signal),
    ),
  );
  assert.equal((await impatient.history('churn', signal)).length, 4);
  assert.equal(said.filter((line) => line.startsWith('Recovered the lock')).length, 1);
  assert.deepEqual(
    (await readdir(join(root, 'churn'))).filter((name) => name.startsWith('.lock') || name.startsWith('.retrain')),
    [],
  );
});

test('file registry: a lock whose number now belongs to another process is stale', async (context) => {
  const { root, said, registry } = await emptyRegistry(context);
  await mkdir(join(root, 'churn'), { recursive: true });
  const lock = { ...thisProcess(), start: 'another boot:1', token: 'x', since: '2026-11-21T10:00:00Z' };
  await writeFile(join(root, 'churn', '.lock'), JSON.stringify(lock));
  await registry.append('churn', { at: 't', event: 'reset', text: 'x' }, signal);
  assert.match(said.join(), new RegExp(`Recovered the lock .* of process ${process.pid}`));
});

test('file registry: a removal cut short is finished by the next writer', async (context) => {
  const { root, registry } = await emptyRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  await writeFile(join(root, 'churn', 'versions', '1.removed'), '{}\n');
  assert.deepEqual(await registry.versions('churn', signal), []);
  assert.equal((await registry.add('churn', await draftOf(context, 'a'), signal)).version, 2);
  assert.deepEqual(await readdir(join(root, 'churn', 'versions')), ['1.removed', '2']);
});

test('file registry: one flipped byte stops the fetch, names file, expected and found, and leaves nothing', async (context) => {
  const { root, registry } = await emptyRegistry(context);
  const version = await registry.add('churn', await draftOf(context, 'a'), signal);
  const path = join(root, 'churn', 'versions', '1', 'profile.json');
  await writeFile(path, '{"seed":"A"}');
  const folder = await scratchFolder(context);
  await assert.rejects(registry.fetch(version, folder, { signal }), (error: Error & { code: string; todo: string }) => {
    assert.equal(error.code, 'digest-mismatch');
    for (const part of [path, sha256('{"seed":"a"}'), sha256('{"seed":"A"}')]) assert.ok(error.message.includes(part), part);
    assert.ok(error.todo);
    return true;
  });
  assert.deepEqual(await readdir(folder), []);
  await rm(path);
  await assert.rejects(registry.fetch(version, folder, { signal }), { code: 'registry-corrupted', message: /profile\.json is missing/ });
});

test('file registry: damaged metadata is refused and names the file', async (context) => {
  const { root, registry } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  const path = join(root, 'churn', 'versions', '1', 'metadata.json');
  const whole = await readFile(path, 'utf8');
  const refused = async (content: string | Buffer, message: RegExp, code = 'registry-corrupted') => {
    await writeFile(path, content);
    await assert.rejects(registry.version('churn', 1, signal), (error: Error & { code: string; fault: string; todo?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.equal(error.fault, 'user');
      assert.ok(error.message.includes(path), error.message);
      assert.match(error.message, message);
      assert.ok(error.todo);
      return true;
    });
  };
  await refused(whole.slice(0, 100), /no JSON/);
  await refused('', /no JSON/);
  await refused(Buffer.from([0xff, 0xfe, 0x00]), /no JSON/);
  await refused('[]', /damaged/);
  await refused(whole.replace('"auc": 0.8', '"auc": 0.9'), /seal/);
  await refused(whole.replace('"bytes": 9', '"bytes": -9'), /files\.0\.bytes/);
  await refused(whole.replace('"version": 1', '"version": 2'), /version 2 of churn, but lies under version 1/);
  await refused(await readFile(join(root, 'churn', 'versions', '2', 'metadata.json')), /version 2 of churn, but lies under version 1/);
  await refused(whole.replace('retrain/version/1', 'retrain/version/2'), /retrain\/version\/2/, 'newer-schema');
  await rm(path);
  await assert.rejects(registry.version('churn', 1, signal), { code: 'registry-corrupted', message: /metadata\.json is missing/ });
  await writeFile(path, whole);
  assert.equal((await registry.version('churn', 1, signal)).metadata.auc, 0.8);
});

test('file registry: damaged or newer aliases, state and history are refused and name the file, and the line', async (context) => {
  const { root, registry } = await emptyRegistry(context);
  await registry.append('churn', { at: 't', event: 'reset', text: 'first' }, signal);
  const folder = join(root, 'churn');
  await writeFile(join(folder, 'aliases.json'), '{"schema":"retrain/aliases/1","generation":1,"champion":"two"}');
  await assert.rejects(registry.aliases('churn', signal), { code: 'registry-corrupted', message: /aliases\.json is damaged: champion/ });
  await writeFile(join(folder, 'aliases.json'), '{"schema":"retrain/aliases/3","generation":1}');
  await assert.rejects(registry.aliases('churn', signal), { code: 'newer-schema', todo: /Retrain 3/ });
  await writeFile(join(folder, 'state.json'), '{"schema":"retrain/state/1","outcomes":{}}');
  await assert.rejects(registry.state('churn', signal), { code: 'registry-corrupted', message: /state\.json is damaged: variables/ });
  await assert.rejects(
    registry.updateState('churn', (state) => state, signal),
    { code: 'registry-corrupted' },
  );
  await writeFile(join(folder, 'history.jsonl'), `${await readFile(join(folder, 'history.jsonl'), 'utf8')}{"at":`);
  await assert.rejects(registry.history('churn', signal), { code: 'registry-corrupted', message: /history\.jsonl, line 2 is damaged/ });
});

test('file registry: a folder that cannot be written is found by the probe and by every writer', async (context) => {
  const folder = await scratchFolder(context);
  await writeFile(join(folder, 'file'), '');
  const outcomes = async (root: string) => {
    const registry = fileRegistry({ root });
    const append = () => registry.append('churn', { at: 't', event: 'reset', text: 'x' }, signal);
    for (const attempt of [() => registry.probe(signal), append]) {
      await assert.rejects(attempt, (error: Error & { code: string; fault: string; todo?: string }) => {
        assert.equal(error.code, 'registry-not-writable', String(error));
        assert.equal(error.fault, 'user');
        assert.ok(error.message.includes(folder) && error.todo, error.message);
        return true;
      });
    }
  };
  await outcomes(join(folder, 'file'));
  await outcomes(join(folder, 'file', 'registry'));
  await outcomes(join(folder, 'missing', 'registry'));
  const taken = join(folder, 'registry');
  await mkdir(taken);
  await writeFile(join(taken, 'churn'), '');
  await assert.rejects(fileRegistry({ root: taken }).append('churn', { at: 't', event: 'reset', text: 'x' }, signal), {
    code: 'registry-not-writable',
  });
  assert.deepEqual((await readdir(folder)).sort(), ['file', 'registry']);
});

test('file registry: a full disk is the world’s fault and leaves no version half there', async (context) => {
  const folder = await mounted(context, 'size=256k');
  if (folder === undefined) return;
  const registry = fileRegistry({ root: join(folder, 'registry') });
  const draft = await draftOf(context, 'a');
  await registry.add('churn', draft, signal);
  const big = join(await scratchFolder(context), 'big.bin');
  await writeFile(big, Buffer.alloc(1 << 20));
  await assert.rejects(registry.add('churn', { ...draft, files: { 'big.bin': big } }, signal), {
    code: 'disk-full',
    fault: 'world',
    message: /no space is left/,
  });
  assert.deepEqual(
    (await registry.versions('churn', signal)).map(({ version }) => version),
    [1],
  );
  assert.deepEqual(await readdir(join(folder, 'registry', 'churn', '.staging')), []);

  await writeFile(join(folder, 'filler'), Buffer.alloc(1 << 20)).catch(() => {});
  await assert.rejects(
    registry.updateState('churn', (state) => ({ ...state, variables: { text: 'x'.repeat(50_000) } }), signal),
    { code: 'disk-full' },
  );
  assert.deepEqual((await registry.state('churn', signal)).variables, {});
  await rm(join(folder, 'filler'));
  assert.equal((await registry.add('churn', await draftOf(context, 'b'), signal)).version, 2);
});

test('file registry: a read-only disk is found by the probe', async (context) => {
  const folder = await mounted(context, 'size=256k');
  if (folder === undefined) return;
  const registry = fileRegistry({ root: join(folder, 'registry') });
  await registry.add('churn', await draftOf(context, 'a'), signal);
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  await assert.rejects(registry.probe(signal), { code: 'registry-not-writable', message: /EROFS/ });
  await assert.rejects(registry.move('churn', { champion: 1 }, 0, signal), { code: 'registry-not-writable' });
  assert.equal((await registry.version('churn', 1, signal)).version, 1, 'reading goes on');
});

test('file registry: a link planted where a file belongs is refused, not followed', async (context) => {
  const { root, registry } = await emptyRegistry(context);
  const victim = join(await scratchFolder(context), 'victim');
  await writeFile(victim, 'precious');
  await mkdir(join(root, 'churn'), { recursive: true });
  const state = { outcomes: {}, variables: { a: 1 } };
  await registry.updateState('churn', () => state, signal);
  await rename(join(root, 'churn', 'state.json'), join(root, 'churn', 'kept.json'));
  await symlink(victim, join(root, 'churn', 'aliases.json'));
  await registry.add('churn', await draftOf(context, 'a'), signal);
  await assert.rejects(registry.move('churn', { champion: 1 }, 0, signal), { code: 'link-refused' });
  assert.equal(await readFile(victim, 'utf8'), 'precious');
  await symlink(victim, join(root, 'churn', 'state.json'));
  await assert.rejects(registry.state('churn', signal), { code: 'link-refused' });
  assert.ok((await lstat(join(root, 'churn', 'state.json'))).isSymbolicLink());
});
