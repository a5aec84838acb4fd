import assert from 'node:assert/strict';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../../../src/kernel/record.ts';
import { readManifest, readRecord } from '../../../src/kernel/run-folder.ts';
import { Project } from '../../e2e/support.ts';
import { called, logOf, started } from '../started.ts';
import { changedAt, differences, leaves, mayDiffer } from '../twin.ts';

/** The manifest, its records by stage, and each record's own file beside it. */
async function runIn(folder: string) {
  const manifest: Manifest = await readManifest(join(folder, 'run.json'));
  const files: Record<string, unknown> = {};
  for (const name of await readdir(join(folder, 'records'))) files[name] = await readRecord(join(folder, 'records', name));
  assert.deepEqual(
    Object.values(files).sort((a, b) => stageOf(a).localeCompare(stageOf(b))),
    [...manifest.records].sort((a, b) => a.stage.localeCompare(b.stage)),
    'a record and its copy in the manifest',
  );
  return { ...manifest, records: Object.fromEntries(manifest.records.map((record) => [record.stage, record])) };
}
const stageOf = (record: unknown): string => (record as { stage: string }).stage;

const CASES = [
  {
    name: 'the same run in a terminal and in a workflow: equal records but for a closed list of places; and each other place would be found',
    more: 'bias-check: { slices: [plan] }\n',
    overrides: '',
    outcome: 'passed',
    code: 0,
  },
  {
    name: 'a version registered before it is judged, and refused: the same records, in the same order, in a terminal and in a workflow',
    more: 'register: { when: after-train }\n',
    overrides: '{"evaluate": {"gates": {"accuracy": ">= 0.99"}}}',
    outcome: 'refused',
    code: 1,
  },
] as const;

for (const { name, more, overrides, outcome, code } of CASES)
  test(name, async (context) => {
    const here = await started(context, more);
    const { project } = here;
    const twin = join(project.folder, 'twin');
    const run = called(
      await here.run('one-model.yml', 1, {
        inputs: { 'logical-date': '2026-11-21', overrides },
        afterJob: async (path, job) => {
          if (path === 'retrain.report') await cp(join(job.temp, 'retrain', 'runs', 'churn-1'), twin, { recursive: true });
        },
      }),
    );
    assert.equal(run.outputs.outcome, outcome, logOf(run));

    // A registry of its own: what the first run has registered would be there already.
    const other = await started(context);
    const home = join(project.folder, 'home');
    await using terminal = await Project.make();
    await cp(join(project.folder, 'repository'), terminal.folder, { recursive: true });
    const changed = overrides === '' ? [] : ['--overrides', overrides];
    const ended = await terminal.start(['run', 'pipelines/churn.yaml', '--logical-date', '2026-11-21', '--home', home, ...changed], {
      GITHUB_TOKEN: other.github.token,
      GITHUB_REPOSITORY: 'acme/models',
      GITHUB_API_URL: other.github.apiUrl,
      RETRAIN_CACHE: join(project.folder, 'cache'),
    }).ended;
    assert.equal(ended.code, code, ended.out + ended.err);
    const [id = ''] = await readdir(join(home, 'runs'));

    const [a, b] = [await runIn(twin), await runIn(join(home, 'runs', id))];
    assert.deepEqual(Object.keys(a.records), Object.keys(b.records), 'the order');
    assert.deepEqual(
      differences(a, b).filter((path) => !mayDiffer(path)),
      [],
    );
    // Each place once: nothing is passed over because nobody looks.
    const places = leaves(a);
    for (const place of places) {
      if (mayDiffer(place)) continue;
      assert.ok(
        differences(changedAt(a, place), b).some((path) => !mayDiffer(path)),
        `a difference at ${place} is not seen`,
      );
    }
    context.diagnostic(
      `${places.filter((place) => !mayDiffer(place)).length} places are compared, ${places.filter(mayDiffer).length} may differ`,
    );
  });
