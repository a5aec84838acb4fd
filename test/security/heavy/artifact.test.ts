import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { unpackRun } from '../../../src/hosts/hand-over/envelope.ts';
import { gitHubArtifacts } from '../../../src/providers/artifacts/github-artifacts.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { ArtifactService } from '../../stand-ins/artifacts.ts';

// Heavy by the clock only: GitHub's client tries a broken archive five times.

/** A zip of entries by any name, made by Python: [name, text, mode of the file]. */
function zipOf(entries: readonly (readonly [string, string, number?])[]): Buffer {
  const source = `import json, sys, zipfile
with zipfile.ZipFile(sys.stdout.buffer, "w") as made:
    for name, text, *mode in json.loads(sys.argv[1]):
        info = zipfile.ZipInfo(name)
        info.filename = name
        if mode and mode[0]: info.external_attr = mode[0] << 16
        made.writestr(info, text)`;
  return execFileSync('python3', ['-W', 'ignore', '-c', source, JSON.stringify(entries)]);
}

const LINK = 0o120777;

test('S7: an artifact of hostile names, with a digest that agrees, writes nothing outside and hands nothing over', async (context) => {
  const cases: readonly (readonly (readonly [string, string, number?])[])[] = [
    [['../../../../evil', 'x']],
    [['/tmp/retrain-evil-absolute', 'x']],
    [['..\\..\\evil', 'x']],
    [
      ['link', '../../..', LINK],
      ['link/evil', 'x'],
    ],
    [
      ['envelope.json', '{}'],
      ['a', '1'],
      ['a', '2'],
      ['A', '3'],
    ],
  ];
  await using service = await ArtifactService.begin();
  const folder = await scratchFolder(context);
  const arriving = join(folder, 'deep', 'er', 'arriving');
  const artifacts = gitHubArtifacts(() => undefined, { retries: 0, delaySeconds: 0 });
  Object.assign(process.env, service.env('run-1', 'train'));
  for (const [index, entries] of cases.entries()) {
    const content = zipOf(entries);
    service.artifacts.push({ id: 900 + index, name: `evil-${index}`, run: 'run-1', job: 'prepare', content, hash: 'x' });
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const handedOver = async () => {
      await artifacts.restore({ id: 900 + index, digest }, arriving, signal);
      await unpackRun(arriving, join(folder, 'runs'), signal);
    };
    await assert.rejects(handedOver(), JSON.stringify(entries));
    const names = (await readdir(folder, { recursive: true })).filter((name) => !name.startsWith('deep/er/arriving'));
    assert.deepEqual(names.sort(), ['deep', 'deep/er'], JSON.stringify(entries));
    assert.equal(existsSync('/tmp/retrain-evil-absolute'), false);
  }
});
