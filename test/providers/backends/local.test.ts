import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsOf, fixture, freshFolder, jobSpec, logOf, never, outcomeOf, outputOf, ROOT, testBackend } from './trainer-jobs.ts';

const bad = fixture('bad-trainer');
const priors = fixture('priors-trainer');

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = existsSync('/proc/self') ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/\) Z /.test(stat);
};

async function fileAppears(path: string): Promise<string> {
  for (let i = 0; i < 1200; i++) {
    if (existsSync(path)) {
      const text = readFileSync(path, 'utf8');
      if (text !== '') return text;
    }
    await sleep(50);
  }
  throw new Error(`${path} did not appear.`);
}

describe('a trainer in another language than Python', () => {
  test('describes itself, fits and predicts', async (t) => {
    const [backend, folder] = [testBackend(t), freshFolder(t)];
    const described = await backend.describe(priors, { managed: true }, never);
    assert.deepEqual([described.name, described.algorithms.map(({ name }) => name)], ['priors', ['priors']]);

    const fit = await outcomeOf(backend, jobSpec(folder, priors, 'fit', {}), { to: join(folder, 'fitted') });
    assert.equal(fit.last.state, 'succeeded');
    assert.equal(fit.fit?.rows, 120);
    assert.deepEqual(
      fit.events.filter(({ kind }) => kind === 'progress'),
      [{ kind: 'progress', share: 1, step: 1, metrics: { rows: 120 } }],
    );

    const predict = await outcomeOf(backend, jobSpec(folder, priors, 'predict', {}), { to: join(folder, 'predicted') });
    assert.equal(predict.last.state, 'succeeded', predict.last.error);
    assert.equal(readFileSync(join(folder, 'predicted/predictions.csv'), 'utf8').trimEnd().split('\n').length, 21);
  });

  test('a job it refuses is the user’s to fix, with its own words', async (t) => {
    const { last } = await outcomeOf(testBackend(t), jobSpec(freshFolder(t), priors, 'fit', { task: 'ranking' }));
    assert.deepEqual(
      [last.state, last.exitCode, last.cause?.code, last.cause?.fault, last.cause?.todo],
      ['failed', 2, 'trainer-refused', 'user', 'Choose another trainer.'],
    );
    assert.match(last.error ?? '', /ranking is not classification/);
  });

  test('its code is part of the digest', async (t) => {
    const folder = freshFolder(t);
    const digest = async () =>
      (await testBackend(t, { workspace: folder }).environment({ kind: 'command', command: ['sh', 'train.sh'] }, { managed: true }, never))
        .digest;
    writeFileSync(join(folder, 'train.sh'), 'one');
    const before = await digest();
    assert.equal(await digest(), before);
    writeFileSync(join(folder, 'train.sh'), 'two');
    assert.notEqual(await digest(), before);
  });
});

describe('a trainer that fails', () => {
  const fitting = (how: string) => ({ algorithm: 'bad', parameters: { how } });

  test('exit 1: the user’s to fix, with the last lines of its standard error, defused', async (t) => {
    const { last } = await outcomeOf(testBackend(t), jobSpec(freshFolder(t), bad, 'fit', fitting('exit-1')));
    assert.deepEqual([last.state, last.exitCode, last.cause?.code, last.cause?.fault], ['failed', 1, 'trainer-failed', 'user']);
    assert.match(last.error ?? '', /exit code 1\.\nTraceback: something broke\n# #\[error\]and says so$/);
  });

  test('killed by a signal: the world’s fault', async (t) => {
    const { last } = await outcomeOf(testBackend(t), jobSpec(freshFolder(t), bad, 'fit', fitting('kill-itself')));
    assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', 'trainer-killed', 'world']);
  });

  test('no such program: the user’s to fix', async (t) => {
    const spec = jobSpec(freshFolder(t), { kind: 'command', command: ['no-such-trainer'] }, 'fit', {});
    const { last } = await outcomeOf(testBackend(t), spec);
    assert.deepEqual([last.state, last.cause?.code], ['failed', 'command-not-found']);
  });

  test('hanging past the timeout: stopped, timed out', async (t) => {
    const { last, events } = await outcomeOf(testBackend(t), jobSpec(freshFolder(t), bad, 'fit', fitting('hang'), 1));
    assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', 'timed-out', 'world']);
    assert.ok(events.some((event) => event.kind === 'progress' && event.share === 0.1));
  });

  test('a description that is not JSON is refused', async (t) => {
    await assert.rejects(testBackend(t).describe(bad, { managed: true }, never), { code: 'describe-invalid', fault: 'user' });
  });
});

describe('what a trainer prints', () => {
  test('reaches the log without commands, escapes or endless lines', async (t) => {
    const { events } = await outcomeOf(
      testBackend(t),
      jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'garbage' } }),
    );
    const lines = logOf(events);
    for (const line of lines) {
      assert.doesNotMatch(line, /^\s*::/);
      assert.doesNotMatch(line, /##\[/);
      assert.doesNotMatch(line, /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e]/);
      assert.ok(line.length < 4_100);
    }
    for (const expected of [
      ': :add-mask::secret',
      'plain # #[error]no',
      ': :error::red',
      ': :warning::after cr',
      ': :stop-commands::token',
      '# #[group]split',
      'link reversed nul',
      'end',
    ]) {
      assert.ok(lines.includes(expected), `${expected} in ${lines.map((line) => line.slice(0, 60)).join('\n')}`);
    }
    assert.ok(lines.includes('4 lines of progress.jsonl were not understood.'));
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'progress'),
      [
        { kind: 'progress', share: 0.5, metrics: { '# #[x]': 1 } },
        { kind: 'progress', share: 1, metrics: {} },
      ],
    );
  });

  test('its environment is an allow-list', async (t) => {
    const planted = {
      GITHUB_OUTPUT: '/x',
      ACTIONS_RUNTIME_TOKEN: 'planted-1',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'u',
      INPUT_KEY: 'planted-2',
      SLACK_WEBHOOK: 'planted-3',
      AWS_SECRET_ACCESS_KEY: 'planted-4',
      PIP_INDEX_URL: 'https://planted-5@x',
      NODE_OPTIONS: '--no-warnings',
      PYTHONPATH: '/planted-6',
    };
    const backend = testBackend(t, { env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...planted } });
    const { events } = await outcomeOf(
      backend,
      jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'environment' } }),
    );
    const names = logOf(events)
      .filter((line) => line.includes('='))
      .map((line) => line.split('=')[0]);
    assert.ok(names.includes('PATH'));
    for (const name of Object.keys(planted)) assert.ok(!names.includes(name), name);
    assert.doesNotMatch(logOf(events).join('\n'), /planted/);
  });
});

describe('results that break the contract', () => {
  const cases: readonly (readonly [how: string, code: string, message: RegExp])[] = [
    ['row-too-few', 'predictions-invalid', /predictions\.csv, row 2, column "id": expected the key "r0", found "r1"/],
    ['row-too-few-at-end', 'predictions-incomplete', /expected 20 rows, found 19/],
    ['row-too-many', 'predictions-incomplete', /expected 20 rows, found 21/],
    ['nan', 'predictions-invalid', /row 3, column "p:no": expected a probability from 0 to 1, found "nan"/],
    ['above-1', 'predictions-invalid', /row 2, column "p:no": expected a probability from 0 to 1, found "1.5"/],
    ['sum-2', 'predictions-invalid', /row 2: expected probabilities that sum to 1, found a sum of 2/],
    ['strange-class', 'predictions-invalid', /row 2, column "predicted": expected one of "no", "yes", found "maybe"/],
    ['no-predictions', 'predictions-missing', /predictions\.csv does not exist/],
  ];
  for (const [how, code, message] of cases) {
    test(`predict: ${how}`, async (t) => {
      const { last } = await outcomeOf(testBackend(t), jobSpec(freshFolder(t), bad, 'predict', { algorithm: 'bad', parameters: { how } }));
      assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', code, 'user']);
      assert.match(last.error ?? '', message);
    });
  }
  test('predict: good', async (t) => {
    const { last } = await outcomeOf(
      testBackend(t),
      jobSpec(freshFolder(t), bad, 'predict', { algorithm: 'bad', parameters: { how: 'good' } }),
    );
    assert.equal(last.state, 'succeeded', last.error);
  });

  for (const [how, code, message] of [
    ['no-model', 'model-missing', /expected a model, found nothing/],
    ['linked-model', 'model-invalid', /found a link/],
    ['nan-report', 'fit-report-invalid', /fit\.json: not JSON/],
    ['other-algorithm', 'fit-report-invalid', /algorithm: expected bad, found another/],
  ] as const) {
    test(`fit: ${how}`, async (t) => {
      const { last } = await outcomeOf(testBackend(t), jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how } }));
      assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', code, 'user']);
      assert.match(last.error ?? '', message);
    });
  }
});

describe('the end of a job', () => {
  const stubborn = { algorithm: 'bad', parameters: { how: 'stubborn' } };

  test('cancelling ends all of it within 5 s, even what minds no signal and has left the group', async (t) => {
    const [backend, folder] = [testBackend(t), freshFolder(t)];
    const job = await backend.submit('k', jobSpec(folder, bad, 'fit', stubborn), never);
    const pids = JSON.parse(await fileAppears(outputOf(job, 'fitted/pids.json'))) as number[];
    assert.ok(pids.every(alive));
    const started = performance.now();
    assert.equal(await backend.cancel(job), 'cancelled');
    assert.ok(performance.now() - started < 5_000);
    assert.deepEqual(pids.filter(alive), []);
    const { last } = await eventsOf(backend, job);
    assert.deepEqual([last.state, last.cause?.fault], ['cancelled', 'cancelled']);
    assert.equal(await backend.find('k', never), undefined);
  });

  test('a Retrain killed with SIGKILL takes its trainer with it, even one that minds nothing', async (t) => {
    const folder = freshFolder(t);
    const spec = JSON.stringify(jobSpec(folder, bad, 'fit', stubborn));
    const source = `import { writeFileSync } from 'node:fs';
      import { localBackend } from '${ROOT}/src/providers/backends/local.ts';
      const backend = localBackend({ root: '${ROOT}', cache: '${folder}/cache', jobs: '${folder}/jobs', env: process.env });
      const job = await backend.submit('k', ${spec}, AbortSignal.timeout(60_000));
      writeFileSync('${folder}/job.txt', job.details.folder);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'ignore' });
    t.after(() => parent.kill('SIGKILL'));
    const pids = JSON.parse(await fileAppears(join(await fileAppears(join(folder, 'job.txt')), 'fitted/pids.json'))) as number[];
    parent.kill('SIGKILL');
    for (let i = 0; i < 100 && pids.some(alive); i++) await sleep(50);
    assert.deepEqual(pids.filter(alive), []);
  });

  test('what a trainer leaves behind ends with it', async (t) => {
    const [backend, folder] = [testBackend(t), freshFolder(t)];
    const { last, job } = await outcomeOf(backend, jobSpec(folder, bad, 'fit', { algorithm: 'bad', parameters: { how: 'leave-child' } }));
    assert.equal(last.state, 'succeeded', last.error);
    const pids = JSON.parse(readFileSync(outputOf(job, 'fitted/model/m.json'), 'utf8')) as number[];
    for (let i = 0; i < 40 && pids.some(alive); i++) await sleep(50);
    assert.deepEqual(pids.filter(alive), []);
  });

  test('aborting the watcher stops watching, not the job', async (t) => {
    const [backend, folder] = [testBackend(t), freshFolder(t)];
    const job = await backend.submit('k', jobSpec(folder, priors, 'fit', {}), never);
    const watching = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of backend.watch(job, watching.signal)) watching.abort(new Error('enough'));
    }, /enough/);
    assert.equal((await eventsOf(backend, job)).last.state, 'succeeded');
  });
});

describe('a job found by its key', () => {
  test('its result is there for another process; a changed one is not', async (t) => {
    const [jobs, folder] = [freshFolder(t), freshFolder(t)];
    const spec = jobSpec(folder, priors, 'fit', {});
    await outcomeOf(testBackend(t, { jobs }), spec, { key: 'key one' });

    const second = testBackend(t, { jobs });
    const found = await second.find('key one', never);
    assert.ok(found);
    assert.equal((await eventsOf(second, found)).last.state, 'succeeded');
    assert.equal((await second.collect(found, spec, join(folder, 'taken'), never))?.rows, 120);
    assert.deepEqual(readdirSync(join(folder, 'taken')).toSorted(), ['fit.json', 'model', 'progress.jsonl']);
    assert.equal(await second.find('key two', never), undefined);

    // A link to the same file, so a copy is put in its place.
    rmSync(outputOf(found, 'fitted/model/priors.json'));
    writeFileSync(outputOf(found, 'fitted/model/priors.json'), '{}');
    assert.equal(await second.find('key one', never), undefined, 'somebody changed the model');
    await assert.rejects(second.collect(found, spec, join(folder, 'again'), never), { code: 'job-lost' });
  });

  test('a folder that holds another job by now is not its', async (t) => {
    const [backend, folder] = [testBackend(t), freshFolder(t)];
    const { job } = await outcomeOf(backend, jobSpec(folder, priors, 'fit', {}), { key: 'k' });
    writeFileSync(outputOf(job, 'job.json'), '{"output": "fitted"}');
    assert.equal(await backend.find('k', never), undefined);
  });

  test('one that still runs is watched to its end; a dead owner’s is not found', async (t) => {
    const [jobs, folder] = [freshFolder(t), freshFolder(t)];
    const [first, second] = [testBackend(t, { jobs }), testBackend(t, { jobs })];
    const job = await first.submit('k', jobSpec(folder, bad, 'fit', { algorithm: 'bad', parameters: { how: 'hang' } }), never);
    await fileAppears(outputOf(job, 'fitted/progress.jsonl'));
    const found = await second.find('k', never);
    assert.equal(found?.id, job.id);
    const watched = eventsOf(second, found!);
    await sleep(300);
    await first.cancel(job);
    const { events, last } = await watched;
    assert.equal(last.state, 'cancelled');
    assert.ok(events.some((event) => event.kind === 'progress' && event.share === 0.1));
  });
});

test('a job that was stopped finds its checkpoint when it is started again; another job does not', async (t) => {
  const [backend, folder] = [testBackend(t), freshFolder(t)];
  const spec = jobSpec(folder, bad, 'fit', { algorithm: 'bad', parameters: { how: 'checkpoint' } });
  const first = await backend.submit('k', spec, never);
  await fileAppears(join(first.details.folder!, 'fitted/checkpoint/state.json'));
  assert.equal(await backend.cancel(first), 'cancelled');

  const other = await backend.submit('other', spec, never);
  await fileAppears(join(other.details.folder!, 'fitted/checkpoint/state.json'));
  assert.equal(await backend.cancel(other), 'cancelled', 'it began anew and waits');

  const { last, events } = await eventsOf(backend, await backend.submit('k', spec, never));
  assert.equal(last.state, 'succeeded', last.error);
  assert.ok(logOf(events).includes('from step 1'), logOf(events).join('\n'));
});
