import { join } from 'node:path';
import { Project, ROOT } from './support.ts';

const TRAINER = join(ROOT, 'test', 'e2e', 'fixtures', 'own-trainer.mjs');

/** A pipeline file whose trainer is `fixtures/own-trainer.mjs`, which starts in a moment; `way`: how it behaves. */
export const ownPipeline = (
  way = 'good',
  { more = '', train = '', run = '{ retries: 0 }' }: { more?: string; train?: string; run?: string } = {},
): string => `version: 1
name: churn
task: classification
target: { column: churn, positive: "yes" }
key: id
run: ${run}
fetch-data: { source: data.csv }
prepare-data: { split: { test: 25 % } }
train: { trainer: command, command: [node, own-trainer.mjs, ${way}], algorithms: [own]${train} }
${more}`;

/** A project with that trainer beside its pipeline file. */
export async function ownProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await Project.make(files);
  await project.copy(TRAINER, 'own-trainer.mjs');
  return project;
}
