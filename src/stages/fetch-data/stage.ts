import { z } from 'zod';
import { bytesText } from '../../kernel/bytes-text.ts';
import { canonicalJson, sha256 } from '../../kernel/digest.ts';
import { wired } from '../../kernel/inputs.ts';
import { defineStage } from '../../kernel/stage.ts';
import { passed, skipped } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { registry } from '../../providers/registries/registry.ts';
import { data } from '../../providers/sources/source.ts';
import { DATASET_SCHEMA, type Dataset } from '../../tables/dataset.ts';
import { PREPARATION_SCHEMA } from '../../tables/preparation/preparation.ts';
import { knownOutcome } from '../known-outcome.ts';
import { columnInputs, readInputs } from '../read-inputs.ts';
import { unservedStore } from '../store-uri.ts';

export const fetchData = defineStage({
  name: 'fetch-data',
  summary: 'Bring the data, digest it, and see whether this code, configuration and data have run before.',
  inputs: {
    name: sharedKeys.name,
    source: z
      .string()
      .min(1)
      .describe(
        'Path, folder or pattern of the data, e.g. `data/*.csv`, `gs://BUCKET/PATH/*.csv`, `hf://datasets/OWNER/NAME/PATH`; several matching files are one table.',
      ),
    read: readInputs,
    columns: columnInputs,
    trainer: wired('gate.trainer', z.string().default('').describe('Digest of trainer code and environment; part of the key.')),
    fingerprint: wired('gate.fingerprint', z.string().optional().describe('Cheap fingerprint of the source. Absent: the source has none.')),
    configuration: wired(
      'run.configuration',
      z.string().default('').describe('Digest of the configuration that can change the model; part of the key.'),
    ),
    base: wired(
      'config.fetch-model.base',
      z.enum(['champion', 'latest', 'original']).default('champion').describe('What training starts from; that of fetch-model.'),
    ),
    'base-digest': wired(
      'fetch-model.base-digest',
      z
        .string()
        .optional()
        .describe('Digest of the model training starts from; part of the key unless that is the champion. Absent: there is none.'),
    ),
    force: wired('run.force', z.boolean().default(false).describe('Go on although this key has run.')),
    'on-same-key': wired(
      'config.run.on-same-key',
      z
        .enum(['reuse', 'retrain'])
        .default('reuse')
        .describe('What a key that has run means: `reuse` ends the run, skipped; `retrain` goes on.'),
    ),
  },
  outputs: {
    data: 'The data set: its files by digest and how they are to be read.',
    digest: 'Digest of the data.',
    key: 'Idempotency key of the run.',
    version: 'Version that already stands for this key; only when skipped.',
    again: '`true` when the key has run before and the run goes on all the same.',
    files: 'Number of files.',
    bytes: 'Bytes of all files.',
  },
  needs: { data, registry },
  check: ({ source }) => unservedStore('source', source),

  async run(inputs, { data, registry }, { files, signal, log }) {
    const fetched = await data.fetch(inputs.source, signal);
    const bytes = fetched.reduce((sum, file) => sum + file.bytes, 0);
    const dataset: Dataset = {
      schema: DATASET_SCHEMA,
      source: inputs.source,
      files: fetched.map(({ path: _, ...file }) => file),
      read: inputs.read,
      ...(inputs.columns && { columns: inputs.columns }),
    };
    const digest = sha256(canonicalJson(dataset.files.map((file) => [file.name, file.sha256])));
    const key = sha256(
      canonicalJson({
        trainer: inputs.trainer,
        configuration: inputs.configuration,
        data: digest,
        preparation: PREPARATION_SCHEMA,
        // A promotion alone is no reason to train again.
        base: inputs.base === 'champion' ? undefined : inputs['base-digest'],
      }),
    );
    const outputs = {
      data: await files.write('dataset.json', `${JSON.stringify(dataset, undefined, 2)}\n`),
      digest,
      key,
      files: fetched.length,
      bytes,
    };

    const outcome = (await registry.state(inputs.name, signal)).outcomes[key];
    if (outcome && !inputs.force && inputs['on-same-key'] === 'reuse') {
      const same = knownOutcome(outcome);
      return {
        verdict: skipped(same.code, same.text),
        found: same.text,
        outputs: { ...outputs, ...(outcome.version !== undefined && { version: outcome.version }) },
        endsRun: true,
      };
    }
    if (outcome) log.warn('forced', `This key has run before (${outcome.run}); it runs again because it was asked to.`);
    return {
      verdict: passed,
      found: `${fetched.length} ${fetched.length === 1 ? 'file' : 'files'}, ${bytesText(bytes)}, data ${digest.slice(0, 12)}`,
      outputs: { ...outputs, ...(outcome && { again: true }) },
    };
  },
});
