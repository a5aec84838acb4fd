import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { gcsStandIn } from '../../stand-ins/gcs.ts';
import { freshFolder, ROOT } from './trainer-jobs.ts';

/** Does what it is told with the launcher's own folder of a bucket; answers, or `error: …`, one for each. */
const PROBE = `
import json, sys
from pathlib import Path
from retrain_trainers.remote import bucket
told = json.load(sys.stdin)
bucket.PART = told.get("part", bucket.PART)
rests = []
bucket.time.sleep = rests.append
md5 = bucket.hashlib.md5
def as_on_a_hardened_machine(*given, usedforsecurity=True):
    if usedforsecurity: raise ValueError("disabled for FIPS")
    return md5(*given)
bucket.hashlib.md5 = as_on_a_hardened_machine
folder = bucket.BucketFolder("ours", "jobs/one", told["service"], lambda renewed: "fresh" if renewed else told.get("token"), pause=0)
answers = []
for verb, *given in told["verbs"]:
    try:
        if verb == "put": answer = folder.put(Path(given[0]), given[1])
        elif verb == "fetch": answer = folder.fetch(given[0], Path(given[1]))
        elif verb == "write": answer = folder.write(given[0], given[1].encode())
        elif verb == "rests": answer = len(rests)
        elif verb == "read": answer = (folder.read(given[0]) or b"nothing").decode()
        else: answer = getattr(folder, verb)(*given)
        answers.append(answer)
    except OSError as error:
        answers.append(f"error: {error}")
print(json.dumps(answers))
`;

async function bucket(t: TestContext) {
  const gcs = await gcsStandIn(t, 'ours');
  const folder = freshFolder(t);
  const ask = async (verbs: readonly (readonly string[])[], more: Readonly<Record<string, unknown>> = {}): Promise<unknown[]> => {
    const asked = promisify(execFile)('python3', ['-c', PROBE], { cwd: join(ROOT, 'trainers'), timeout: 60_000 });
    asked.child.stdin?.end(JSON.stringify({ service: gcs.endpoint, verbs, ...more }));
    return JSON.parse((await asked).stdout) as unknown[];
  };
  const content = randomBytes(900_000);
  writeFileSync(join(folder, 'large'), content);
  const stored = (name: string) => gcs.buckets.get('ours')!.get(`jobs/one/${name}`)?.content;
  return { gcs, folder, ask, content, digest: createHash('sha256').update(content).digest('hex'), stored, large: join(folder, 'large') };
}

describe('the launcher in a job and the bucket', () => {
  test('puts, fetches, writes, reads, lists in pages and removes', async (t) => {
    const { gcs, folder, ask, digest, large, content } = await bucket(t);
    gcs.page = 2;
    gcs.put('ours', 'jobs/one-more/x', 'a neighbour');
    const back = join(folder, 'deep/back');
    const found = await ask([
      ['put', large, 'output/model/weights #1'],
      ['write', 'live/001-00001-log.txt', 'one\n'],
      ['write', 'live/001-00002-log.txt', ''],
      ['write', 'result.json', '{}'],
      ['names'],
      ['names', 'live'],
      ['fetch', 'output/model/weights #1', back],
      ['read', 'live/001-00001-log.txt'],
      ['read', 'absent'],
      ['remove', 'live'],
      ['names', ''],
    ]);
    const names = ['live/001-00001-log.txt', 'live/001-00002-log.txt', 'output/model/weights #1', 'result.json'];
    assert.deepEqual(found, [digest, null, null, null, names, names.slice(0, 2), digest, 'one\n', 'nothing', null, names.slice(2)]);
    assert.ok(readFileSync(back).equals(content));
  });

  test('a download that is cut goes on where it was, in the same generation', async (t) => {
    const { gcs, folder, ask, content, digest, stored } = await bucket(t);
    gcs.put('ours', 'jobs/one/model', content);
    gcs.faults.push({ on: /GET .*alt=media/, cutAfter: 300_000 }, { on: /GET .*alt=media/, cutAfter: 1_000 });
    assert.deepEqual(await ask([['fetch', 'model', join(folder, 'back')]]), [digest]);
    const gets = gcs.requests.filter((line) => line.includes('alt=media'));
    assert.equal(gets.length, 3);
    assert.match(gets[1]!, /generation=\d+ bytes=\d+-$/);
    assert.ok(stored('model'));
  });

  test('a download that got nowhere rests before it is tried again; one that goes on does not', async (t) => {
    const { gcs, folder, ask, content, digest } = await bucket(t);
    gcs.put('ours', 'jobs/one/model', content);
    gcs.faults.push({ on: /GET .*alt=media/, cutAfter: 300_000 }, { on: /GET .*alt=media/, cutAfter: 0 });
    assert.deepEqual(await ask([['fetch', 'model', join(folder, 'back')], ['rests']]), [digest, 1]);
  });

  test('an upload in parts goes on after a cut, and a lost answer is looked up', async (t) => {
    const { gcs, ask, content, digest, large, stored } = await bucket(t);
    gcs.faults.push({ on: /PUT .*upload_id.*bytes 262144-/, cutAfter: 100 }, { on: /PUT .*upload_id.*bytes 786432-/, loseAnswer: true });
    assert.deepEqual(await ask([['put', large, 'model']], { part: 262_144 }), [digest]);
    assert.ok(stored('model')!.equals(content));
    assert.equal(gcs.requests.filter((line) => line.startsWith('POST')).length, 1, 'one session');
    assert.equal(gcs.requests.filter((line) => /bytes \*\/900000/.test(line)).length, 2);
  });

  test('an upload whose session ends again and again, each time after some of it has arrived, is given up', async (t) => {
    const { gcs, ask, large, stored } = await bucket(t);
    for (let i = 0; i < 12; i++) gcs.faults.push({ on: /PUT .*upload_id.*bytes 262144-/, status: i % 2 === 0 ? 410 : 404 });
    const [found] = await ask([['put', large, 'model']], { part: 262_144 });
    assert.match(
      String(found),
      /^error: model could not be uploaded: the service has ended its session 6 times, the last time after 262144 of 900000 bytes$/,
    );
    assert.equal(gcs.requests.filter((line) => line.startsWith('POST')).length, 6);
    assert.equal(stored('model'), undefined);
  });

  test('bytes that were turned on their way are refused by the service, and nothing is there', async (t) => {
    const { gcs, ask, large, stored } = await bucket(t);
    gcs.faults.push({ on: /PUT /, flip: true });
    const [found] = await ask([['put', large, 'model']]);
    assert.match(String(found), /^error: gs:\/\/ours\/jobs\/one\/: 400, Provided md5Hash/);
    assert.equal(stored('model'), undefined);
  });

  test('what may pass is tried again, what is missing is named', async (t) => {
    const { gcs, ask, stored } = await bucket(t);
    gcs.faults.push({ on: /POST/, status: 503 }, { on: /POST/, status: 429 }, { on: /PUT/, status: 500 }, { on: /GET/, status: 502 });
    assert.deepEqual(
      await ask([
        ['write', 'x', 'one'],
        ['read', 'x'],
      ]),
      [null, 'one'],
    );
    gcs.denied.add('storage.objects.create');
    gcs.denied.add('storage.objects.list');
    const refused = await ask([
      ['write', 'y', 'one'],
      ['names', 'z'],
    ]);
    assert.match(String(refused[0]), /does not have storage\.objects\.create access/);
    assert.match(String(refused[1]), /does not have storage\.objects\.list access/);
    assert.equal(stored('y'), undefined);
    gcs.faults.push({ on: /GET/, status: 403, headers: { 'content-length': '5000' } });
    assert.match(String((await ask([['read', 'x']]))[0]), /error: .*403, Forbidden/, 'a refusal that is cut is one all the same');
    for (let i = 0; i < 6; i++) gcs.faults.push({ on: /GET/, status: 503, message: 'away' });
    assert.match(String((await ask([['read', 'x']]))[0]), /error: .*503, away/);
  });

  test('a token that is not taken is asked for anew', async (t) => {
    const { gcs, ask } = await bucket(t);
    gcs.put('ours', 'jobs/one/x', 'one');
    gcs.mayEnter = (token) => token === 'fresh';
    assert.deepEqual(await ask([['read', 'x']], { token: 'stale' }), ['one']);
    gcs.mayEnter = () => false;
    assert.match(String((await ask([['read', 'x']], { token: 'stale' }))[0]), /401, Invalid Credentials/);
  });
});
