import { z } from 'zod';
import { stages, standalone } from '../../src/catalog.ts';
import { MANIFEST_SCHEMA, manifestSchema, RECORD_SCHEMA, recordSchema } from '../../src/kernel/record.ts';
import { TRAINER_CONTRACT, trainerJobSchema } from '../../src/kernel/trainer-job.ts';
import type { StageDeclaration, StageDeclarations } from '../../src/pipeline/declaration.ts';
import { pipelineSchema, schemaFaults } from '../../src/pipeline/schema.ts';
import { actionStub, actionTables, actionYaml } from './action-files.ts';
import { pipelinePage } from './pipeline-page.ts';
import { stageFaults, stageTables, withTables } from './stage-page.ts';

/** Text of a file of the clone that is there already; undefined when it is not. */
export type Existing = (path: string) => string | undefined;

/** What somebody has to mend before anything can be generated. */
export class Unfit extends Error {}

/** A fault only of stages that have a section in the pipeline file, below the shared keys. */
const IN_THE_FILE = /has the name of a shared key/;

const SCHEMAS_AT = 'https://raw.githubusercontent.com/OWNER/retrain/v1/schema/';
const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** Every generated file: path → text. Throws when something a reader needs is missing in the stages. */
export async function generatedFiles(existing: Existing): Promise<ReadonlyMap<string, string>> {
  const alone = Object.fromEntries(await Promise.all(standalone.map(async ({ name, load }) => [name, await load()] as const)));
  return filesOf(await catalogued(), existing, alone);
}

/** The same, from given stages; `alone`: those that are no part of a run. */
export function filesOf(declared: StageDeclarations, existing: Existing, alone: StageDeclarations = {}): ReadonlyMap<string, string> {
  const schema = pipelineSchema(declared);
  const actions = [...Object.values(declared), ...Object.values(alone)];
  const faults = [
    ...Object.values(declared).flatMap(stageFaults),
    ...Object.values(alone)
      .flatMap(stageFaults)
      .filter((fault) => !IN_THE_FILE.test(fault)),
    ...schemaFaults(schema).map((fault) => `pipeline file: ${fault}`),
  ];
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
  // The stubs and the bundle are CommonJS in a tree of ES modules.
  files.set('actions/package.json', json({ type: 'commonjs' }));
  for (const stage of actions) {
    for (const [path, text] of stageFiles(stage, Object.hasOwn(declared, stage.name), existing)) files.set(path, text);
  }
  return files;
}

function* stageFiles(stage: StageDeclaration, inRun: boolean, existing: Existing): Generator<readonly [string, string]> {
  const page = (path: string, tables: string): readonly [string, string] => {
    try {
      return [path, withTables(existing(path), stage.name, stage.summary, tables)];
    } catch (error) {
      throw new Unfit(`${path}: ${(error as Error).message}`);
    }
  };
  yield page(`docs/stages/${stage.name}.md`, stageTables(stage));
  yield [`actions/${stage.name}/action.yml`, actionYaml(stage, inRun)];
  yield [`actions/${stage.name}/index.js`, actionStub(stage)];
  yield page(`actions/${stage.name}/README.md`, actionTables(stage, inRun));
}

function published(schema: z.ZodType, name: string, version: string, description: string) {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'output', target: 'draft-2020-12', reused: 'inline', unrepresentable: 'any' });
  return { $schema, $id: `${SCHEMAS_AT}${name}.schema.json`, title: version, description, ...rest };
}

/** Every stage of the catalogue, in the order of a run. */
export async function catalogued(): Promise<StageDeclarations> {
  return Object.fromEntries(await Promise.all(stages.map(async ({ name, load }) => [name, await load()] as const)));
}
