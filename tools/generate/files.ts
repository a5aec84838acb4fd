import { z } from 'zod';
import { stages } from '../../src/catalog.ts';
import { MANIFEST_SCHEMA, manifestSchema, RECORD_SCHEMA, recordSchema } from '../../src/kernel/record.ts';
import { TRAINER_CONTRACT, trainerJobSchema } from '../../src/kernel/trainer-job.ts';
import type { StageDeclaration, StageDeclarations } from '../../src/pipeline/declaration.ts';
import { pipelineSchema, schemaFaults } from '../../src/pipeline/schema.ts';
import { actionStub, actionYaml } from './action-files.ts';
import { pipelinePage } from './pipeline-page.ts';
import { stageFaults, stageTables, withTables } from './stage-page.ts';

/** Text of a file of the clone that is there already; undefined when it is not. */
export type Existing = (path: string) => string | undefined;

/** What somebody has to mend before anything can be generated. */
export class Unfit extends Error {}

const SCHEMAS_AT = 'https://raw.githubusercontent.com/OWNER/retrain/v1/schema/';
const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** Every generated file: path → text. Throws when something a reader needs is missing in the stages. */
export async function generatedFiles(existing: Existing): Promise<ReadonlyMap<string, string>> {
  return filesOf(await catalogued(), existing);
}

/** The same, from given stages. */
export function filesOf(declared: StageDeclarations, existing: Existing): ReadonlyMap<string, string> {
  const schema = pipelineSchema(declared);
  const faults = [...Object.values(declared).flatMap(stageFaults), ...schemaFaults(schema).map((fault) => `pipeline file: ${fault}`)];
  if (faults.length > 0) throw new Unfit(`Nothing is generated until every input and output says what it is:\n  ${faults.join('\n  ')}`);

  const files = new Map<string, string>();
  files.set('schema/pipeline.schema.json', json(schema));
  files.set('schema/record.schema.json', json(published(recordSchema, 'record', RECORD_SCHEMA, 'What a stage leaves behind.')));
  files.set('schema/manifest.schema.json', json(published(manifestSchema, 'manifest', MANIFEST_SCHEMA, 'A run and all its records.')));
  files.set(
    'schema/trainer-job.schema.json',
    json(published(trainerJobSchema, 'trainer-job', `retrain/trainer-job/${TRAINER_CONTRACT}`, 'What a trainer is handed as job.json.')),
  );
  files.set('docs/pipeline-file.md', pipelinePage(schema));
  for (const stage of Object.values(declared)) for (const [path, text] of stageFiles(stage, existing)) files.set(path, text);
  return files;
}

function* stageFiles(stage: StageDeclaration, existing: Existing): Generator<readonly [string, string]> {
  const tables = stageTables(stage);
  const page = (path: string): readonly [string, string] => {
    try {
      return [path, withTables(existing(path), stage.name, stage.summary, tables)];
    } catch (error) {
      throw new Unfit(`${path}: ${(error as Error).message}`);
    }
  };
  yield page(`docs/stages/${stage.name}.md`);
  // A stub without the bundle it starts would be broken: actions exist from the first bundle on.
  if (existing('actions/dist/index.js') === undefined) return;
  yield [`actions/${stage.name}/action.yml`, actionYaml(stage)];
  yield [`actions/${stage.name}/index.js`, actionStub(stage)];
  yield page(`actions/${stage.name}/README.md`);
}

function published(schema: z.ZodType, name: string, version: string, description: string) {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'output', target: 'draft-2020-12', reused: 'inline', unrepresentable: 'any' });
  return { $schema, $id: `${SCHEMAS_AT}${name}.schema.json`, title: version, description, ...rest };
}

/** Every stage of the catalogue, in the order of a run. */
export async function catalogued(): Promise<StageDeclarations> {
  return Object.fromEntries(await Promise.all(stages.map(async ({ name, load }) => [name, await load()] as const)));
}
