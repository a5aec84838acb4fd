import { join } from 'node:path';
import { z } from 'zod';
import { digestEntries } from '../../kernel/digest.ts';
import { wired } from '../../kernel/inputs.ts';
import { readRecord } from '../../kernel/run-folder.ts';
import { defineStage } from '../../kernel/stage.ts';
import { passed } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { registry } from '../../providers/registries/registry.ts';
import { jsonInput } from '../json-input.ts';
import { readInputs } from '../read-inputs.ts';
import { trendOf } from './trend.ts';
import { versionMetadata } from './version-metadata.ts';

export const register = defineStage({
  name: 'register',
  summary: 'Add the candidate to the registry as a new version, with everything that is needed to judge, serve and repeat it.',
  inputs: {
    name: sharedKeys.name,
    owner: sharedKeys.owner,
    task: sharedKeys.task,
    when: z
      .enum(['after-assessment', 'after-train'])
      .default('after-assessment')
      .describe(
        '`after-assessment`: only what passed is registered; `after-train`: before it is judged, without an alias; what the judges said becomes tags of the version.',
      ),
    tags: z.record(z.string(), z.string()).default({}).describe('Tags of the version, besides those Retrain sets.'),
    model: wired('train.model', z.string().describe('Folder of the trained model.')),
    trainer: wired('train.trainer', z.string().describe('What the trainer was given and chose, as JSON.')),
    environment: wired(
      'train.environment',
      z.string().optional().describe('Lock of the environment the model was trained in. Absent: the trainer has none.'),
    ),
    'image-lock': wired(
      'train.image-lock',
      z.string().optional().describe('Lock of what was installed into the image the model was trained in. Absent: it was no image.'),
    ),
    preparation: wired(
      'prepare-data.preparation',
      z.string().optional().describe('Fitted preparation. Absent: the data was used as it is.'),
    ),
    profile: wired(
      'prepare-data.profile',
      z.string().optional().describe('Profile of the training rows. Absent: later drift checks have nothing to compare with.'),
    ),
    members: wired(
      'prepare-data.members',
      z.string().optional().describe('Which rows the model was trained on. Absent: nobody can leave them out of a comparison.'),
    ),
    evaluation: wired('evaluate.record', z.string().optional().describe('Record of evaluate. Absent: the version has no metrics.')),
    bias: wired('bias-check.record', z.string().optional().describe('Record of bias-check. Absent: none was run.')),
    syntax: wired('syntax-validate.record', z.string().optional().describe('Record of syntax-validate. Absent: none was run.')),
    training: wired('train.record', z.string().optional().describe('Record of train. Absent: it is not known how the model was chosen.')),
    key: wired('fetch-data.key', z.string().optional().describe('Idempotency key of the run. Absent: the version cannot be found by it.')),
    data: wired('fetch-data.digest', z.string().optional().describe('Digest of the data. Absent: not known.')),
    read: wired('config.fetch-data.read', readInputs),
    configuration: wired('run.configuration', z.string().default('').describe('Digest of the configuration.')),
  },
  outputs: {
    version: 'Number of the version.',
    digest: 'Digest of its files: the identity of the candidate.',
    uri: 'Where the registry keeps it.',
    'registered-model':
      'What the service behind the registry calls it, e.g. `projects/…/models/churn@3` on Vertex AI; its URI where there is none.',
  },
  needs: { registry },

  async run(inputs, { registry }, { signal, now, run, log }) {
    const files: Record<string, string> = {};
    for (const { path } of await digestEntries(inputs.model, signal)) files[`model/${path}`] = join(inputs.model, path);
    const beside = {
      'trainer.json': inputs.trainer,
      'environment.lock': inputs.environment,
      'image.lock': inputs['image-lock'],
      'preparation.json': inputs.preparation,
      'profile.json': inputs.profile,
      split: inputs.members,
    };
    for (const [name, path] of Object.entries(beside)) if (path !== undefined) files[name] = path;

    const records = await Promise.all(
      [inputs.training, inputs.evaluation, inputs.bias, inputs.syntax].map((path) => (path === undefined ? undefined : readRecord(path))),
    );
    const [training, evaluation, bias, syntax] = records;
    const metadata = versionMetadata({
      inputs,
      run,
      now,
      trainer: await jsonInput(inputs.trainer, z.record(z.string(), z.unknown()), 'what train writes of its trainer'),
      training,
      evaluation,
      bias,
      syntax,
    });
    const version = await registry.add(inputs.name, { files, metadata, tags: inputs.tags, created: now.toISOString() }, signal);
    const uri = `${registry.uri}/${inputs.name}/versions/${version.version}`;
    const entry = await registry.entry?.(version, signal);
    const primary = evaluation?.outputs.primary;
    const curves = typeof primary === 'string' ? trendOf(await registry.versions(inputs.name, signal), primary) : [];
    if (entry?.remark !== undefined) log.warn('registry-remark', entry.remark);
    return {
      verdict: passed,
      found: `version ${version.version} (${version.files.length} files, ${version.digest.slice(0, 12)})`,
      outputs: { version: version.version, digest: version.digest, uri, 'registered-model': entry?.name ?? uri },
      curves,
    };
  },
});
