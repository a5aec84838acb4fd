import { z } from 'zod';
import { stages, standalone } from '../../src/catalog.ts';
import { MANIFEST_SCHEMA, manifestSchema, RECORD_SCHEMA, recordSchema } from '../../src/kernel/record.ts';
import { TRAINER_CONTRACT, trainerJobSchema } from '../../src/kernel/trainer-job.ts';
import type { StageDeclaration, StageDeclarations } from '../../src/pipeline/declaration.ts';
import { pipelineSchema, schemaFaults } from '../../src/pipeline/schema.ts';
import { allWithGoogle, named, withGoogle } from '../workflows/rewrite.ts';
import { actionStub, actionTables, actionYaml } from './action-files.ts';
import { pipelinePage } from './pipeline-page.ts';
import { stageFaults, stageTables, withTables } from './stage-page.ts';

/** Text of a file of the clone that is there already; undefined when it is not. */
export type Existing = (path: string) => string | undefined;

/** What somebody has to mend before anything can be generated. */
export class Unfit extends Error {}

/** A fault only of stages that have a section in the pipeline file, below the shared keys. */
const IN_THE_FILE = /has the name of a shared key/;

/** Written by hand, but for the name of this repository in them. */
export interface HandWritten {
  readonly path: string;
  readonly text: string;
}

const schemaUrl = (repository: string, name: string): string =>
  `https://raw.githubusercontent.com/${repository}/v1/schema/${name}.schema.json`;
const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** Every generated file: path → text. Throws when something a reader needs is missing in the stages. */
export async function generatedFiles(
  existing: Existing,
  repository: string,
  handWritten: readonly HandWritten[],
): Promise<ReadonlyMap<string, string>> {
  const alone = Object.fromEntries(await Promise.all(standalone.map(async ({ name, load }) => [name, await load()] as const)));
  const files = new Map(filesOf(await catalogued(), { existing, repository, alone }));
  const retrain = existing('.github/workflows/retrain.yml');
  if (retrain !== undefined) files.set('.github/workflows/retrain-google.yml', withGoogle(retrain));
  const all = existing('.github/workflows/retrain-all.yml');
  if (all !== undefined) files.set('.github/workflows/retrain-all-google.yml', allWithGoogle(all));
  // A page with generated tables is written by hand around them.
  for (const { path, text } of handWritten) files.set(path, named(files.get(path) ?? text, repository));
  return files;
}

/** What is generated from, beside the stages of a run. */
export interface Surroundings {
  readonly existing: Existing;
  /** `owner/name` of this project's repository. */
  readonly repository: string;
  /** Stages that are no part of a run. */
  readonly alone?: StageDeclarations;
}

/** The same, from given stages. */
export function filesOf(declared: StageDeclarations, { existing, repository, alone = {} }: Surroundings): ReadonlyMap<string, string> {
  const schema = pipelineSchema(declared, schemaUrl(repository, 'pipeline'));
  const published = (shape: z.ZodType, name: string, version: string, description: string) =>
    publishedSchema(shape, schemaUrl(repository, name), version, description);
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
  files.set('docs/pipeline-file.md', pipelinePage(schema, schemaUrl(repository, 'pipeline')));
  // The stubs and the bundle are CommonJS in a tree of ES modules.
  files.set('actions/package.json', json({ type: 'commonjs' }));
  for (const stage of actions) {
    for (const [path, text] of stageFiles(stage, Object.hasOwn(declared, stage.name), existing, repository)) files.set(path, text);
  }
  return files;
}

function* stageFiles(
  stage: StageDeclaration,
  inRun: boolean,
  existing: Existing,
  repository: string,
): Generator<readonly [string, string]> {
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
  yield page(`actions/${stage.name}/README.md`, actionTables(stage, inRun, repository));
}

function publishedSchema(schema: z.ZodType, $id: string, title: string, description: string) {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'output', target: 'draft-2020-12', reused: 'inline', unrepresentable: 'any' });
  return { $schema, $id, title, description, ...rest };
}

/** Every stage of the catalogue, in the order of a run. */
export async function catalogued(): Promise<StageDeclarations> {
  return Object.fromEntries(await Promise.all(stages.map(async ({ name, load }) => [name, await load()] as const)));
}
