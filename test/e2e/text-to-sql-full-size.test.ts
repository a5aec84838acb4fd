import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gcsStandIn } from '../stand-ins/gcs.ts';
import { modelsStandIn } from '../stand-ins/vertex/models.ts';
import { Project, ROOT } from './support.ts';

const example = join(ROOT, 'examples', 'text-to-sql');

/** A commented block of the file as lines without their `# `, from the line after its heading. */
function uncommented(text: string, heading: string): string {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`# ${heading}`)) + 1;
  assert.ok(from > 0, heading);
  const to = lines.findIndex((line, index) => index >= from && !line.startsWith('#'));
  return `${lines
    .slice(from, to)
    .map((line) => line.replace(/^# ?/, ''))
    .join('\n')}\n`;
}

test('examples/text-to-sql: the commented blocks, full size and Vertex AI, are right as they stand, and the plan asks the registry they name', async (context) => {
  const text = await readFile(join(example, 'pipelines', 'sql.yaml'), 'utf8');
  const laptop = text.replace(/^#.*\n/gm, '');
  const full = laptop.replace(/^train:\n(?: .*\n)+/m, () => uncommented(text, 'Full size'));
  const vertex = `${full.replace('  device: gpu\n', '  device: gpu\n  backend: vertex\n')}${uncommented(text, 'On Vertex AI')}`;
  await using project = await Project.make({ 'pipelines/full.yaml': full, 'pipelines/vertex.yaml': vertex });
  await project.copy(join(example, 'months', '2026-01.csv'), 'data/2026-01.csv');
  await project.copy(join(example, 'databases'), 'databases');
  for (const file of ['full', 'vertex']) {
    const checked = await project.retrain(['check', `pipelines/${file}.yaml`]);
    assert.equal(checked.code, 0, checked.out + checked.err);
  }
  const columns = (await project.read('data/2026-01.csv')).split('\n', 1)[0]!.split(',');
  const template = /template: >-\n((?: {6}.*\n)+)/.exec(full)![1]!;
  assert.deepEqual(
    [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => columns.includes(name!)),
    [true],
    'the template reads what the data has',
  );

  const gcs = await gcsStandIn(context, 'my-models');
  const models = await modelsStandIn(context);
  const env = { RETRAIN_VERTEX_ENDPOINT: models.endpoint, STORAGE_EMULATOR_HOST: gcs.endpoint };
  const planned = await project.retrain(['plan', 'pipelines/vertex.yaml'], env);
  assert.equal(planned.code, 0, planned.out + planned.err);
  assert.match(planned.out, /register .*gs:\/\/my-models\/retrain\/registry/);
  assert.match(planned.out, /There is no champion yet/);
});
