import { z } from 'zod';
import { sha256 } from '../../kernel/digest.ts';
import { wired } from '../../kernel/inputs.ts';
import { defineStage } from '../../kernel/stage.ts';
import { failed, passed, skipped } from '../../kernel/verdict.ts';
import { duration } from '../../pipeline/duration.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { backend } from '../../providers/backends/backend.ts';
import { cannotPropose, type ModelState, registry } from '../../providers/registries/registry.ts';
import { data } from '../../providers/sources/source.ts';
import { store } from '../../providers/stores/store.ts';
import { trackers } from '../../providers/trackers/tracker.ts';
import { backendInputs } from '../backend-inputs.ts';
import { knownOutcome } from '../known-outcome.ts';
import { trainerInputs, trainerSource } from '../trainer-inputs.ts';
import { probeStore } from './probe-store.ts';

export const gate = defineStage({
  name: 'gate',
  summary: 'Look before anything is spent: is the pipeline enabled, can the registry be written, is there anything new?',
  inputs: {
    name: sharedKeys.name,
    enabled: sharedKeys.enabled,
    store: sharedKeys.store,
    source: wired('config.fetch-data.source', z.string().min(1).describe('Where the data comes from; that of fetch-data.')),
    trainer: wired('config.train.trainer', trainerInputs.trainer),
    command: wired('config.train.command', trainerInputs.command),
    python: wired('config.train.python', trainerInputs.python),
    device: wired('config.train.device', trainerInputs.device),
    backend: wired('config.train.backend', backendInputs.backend),
    machine: wired('config.train.machine', backendInputs.machine),
    image: wired('config.train.image', backendInputs.image),
    'min-interval': duration()
      .optional()
      .describe('Shortest time between two trainings, measured between logical dates. Absent: no limit.'),
    'on-missing-data': z
      .enum(['skip', 'fail'])
      .default('skip')
      .describe('What a pattern that matches no file means: `skip` waits for the data to come, `fail` makes the run red.'),
    'min-partitions': z.int().min(0).default(0).describe('Partitions that must be there before anything is trained.'),
    partition: z
      .enum(['folder', 'file'])
      .default('folder')
      .describe('What counts as a partition: a `key=value` folder with files in it (a file where there are none), or a file.'),
    by: wired('config.promote.by', z.enum(['alias', 'pull-request']).default('alias').describe('Who promotes; as in promote.')),
    base: wired(
      'config.fetch-model.base',
      z.enum(['champion', 'latest', 'original']).default('champion').describe('What training starts from; that of fetch-model.'),
    ),
    probe: z
      .enum(['write', 'read'])
      .default('write')
      .describe(
        'What is asked of the registry before anything is spent: that it can be written, or only read, in a run that publishes nothing.',
      ),
    configuration: wired('run.configuration', z.string().default('').describe('Digest of the configuration that can change the model.')),
    force: wired('run.force', z.boolean().default(false).describe('Train although nothing is new.')),
    'on-same-key': wired(
      'config.run.on-same-key',
      z
        .enum(['reuse', 'retrain'])
        .default('reuse')
        .describe('What it means when nothing is new: `reuse` ends the run, skipped; `retrain` goes on.'),
    ),
  },
  outputs: {
    fingerprint: 'Cheap fingerprint of the source.',
    trainer: 'Digest of trainer code and environment lock.',
    machine: 'What jobs run on.',
    version: 'Version that already stands for this code, configuration and data; only when skipped.',
    reason: 'Code of the reason when skipped.',
  },
  // The trackers are told nothing here: that they can be opened is known before anything is spent.
  needs: { registry, data, backend, store, trackers },

  async run(inputs, { registry, data, backend, store }, context) {
    const { name, enabled, source, force } = inputs;
    const { signal, run } = context;
    if (!enabled)
      return {
        verdict: skipped('disabled', `${name} is switched off (enabled: false).`),
        found: 'switched off',
        outputs: { reason: 'disabled' },
        endsRun: true,
      };

    if (inputs.by === 'pull-request' && !registry.propose) throw cannotPropose(registry.uri);
    if (inputs.probe === 'write') await registry.probe(signal);
    const environment = await backend.environment(trainerSource(inputs), inputs.python, signal);
    const there = await data.look(source, signal);
    const outputs = {
      trainer: environment.digest,
      ...(backend.machine !== undefined && { machine: backend.machine }),
      ...(there.fingerprint && { fingerprint: there.fingerprint }),
    };

    const partitions = inputs.partition === 'folder' ? there.folders : there.files;
    if (there.files === 0 || partitions < inputs['min-partitions']) {
      const text =
        there.files === 0
          ? `${source} matches no file yet.`
          : `${source} has ${partitions} partitions; gate.min-partitions asks for ${inputs['min-partitions']}.`;
      const code = there.files === 0 ? 'no-data' : 'too-few-partitions';
      if (inputs['on-missing-data'] === 'fail') return { verdict: failed(code, text), found: text, outputs };
      return { verdict: skipped(code, text), found: text, outputs: { ...outputs, reason: code }, endsRun: true };
    }

    const state = await registry.state(name, signal);
    // Only fetch-model can tell whether a model made elsewhere is new.
    const known =
      force || inputs['on-same-key'] === 'retrain' || inputs.base !== 'champion'
        ? undefined
        : sameSource(state, there.fingerprint, sha256(`${inputs.configuration}\0${environment.digest}`));
    if (known) {
      const same = knownOutcome(known);
      return {
        verdict: skipped(same.code, same.text),
        found: same.text,
        outputs: { ...outputs, reason: same.code, ...(known.version !== undefined && { version: known.version }) },
        endsRun: true,
      };
    }

    const wait = inputs['min-interval'];
    const since = state.lastTrained ? (Date.parse(run.logicalDate) - Date.parse(state.lastTrained.logicalDate)) / 1000 : undefined;
    if (!force && wait !== undefined && since !== undefined && since < wait) {
      const text = `${name} was trained for ${state.lastTrained?.logicalDate}; gate.min-interval asks for ${Math.round(wait / 3600)} h between trainings.`;
      return { verdict: skipped('too-soon', text), found: text, outputs: { ...outputs, reason: 'too-soon' }, endsRun: true };
    }
    if (inputs.store !== undefined && inputs.probe === 'write') await probeStore(inputs.store, store, context);
    return { verdict: passed, found: state.source ? 'something changed since the last run' : 'first run of this model', outputs };
  },
});

/** The outcome of the last decided run when neither source nor code nor configuration changed since. */
function sameSource(state: ModelState, fingerprint: string | undefined, configuration: string) {
  if (fingerprint === undefined || state.source?.fingerprint !== fingerprint || state.source.configuration !== configuration)
    return undefined;
  return state.outcomes[state.source.key];
}
