import { z } from 'zod';
import { sha256 } from '../../kernel/digest.ts';
import { wired } from '../../kernel/inputs.ts';
import { readRecord } from '../../kernel/run-folder.ts';
import { defineStage } from '../../kernel/stage.ts';
import { failed, incomparable, type Reason, skipped, type Verdict } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import {
  type Aliases,
  asksPeople,
  cannotPropose,
  type ModelState,
  type OutcomeEntry,
  type Proposal,
  registry,
} from '../../providers/registries/registry.ts';
import { thresholdInput } from '../gate-inputs.ts';
import { metricsAt, unknownMetrics } from '../metric-names.ts';
import { withRowCount } from '../row-counts.ts';
import { decidePromotion } from './decide-promotion.ts';
import { reviewText } from './review-text.ts';

export const promote = defineStage({
  name: 'promote',
  summary: 'Make the candidate the champion if it is better beyond noise, and write down how the run ended.',
  inputs: {
    name: sharedKeys.name,
    task: sharedKeys.task.optional(),
    target: sharedKeys.target.optional(),
    when: z
      .enum(['significant', 'threshold-only', 'never'])
      .default('significant')
      .describe(
        '`significant`: better than the champion on the same rows beyond noise; `threshold-only`: promote.gates alone decide; `never`: only register.',
      ),
    by: z
      .enum(['alias', 'pull-request'])
      .default('alias')
      .describe(
        '`alias`: the alias moves at once; `pull-request`: a pull request asks people, and merging it promotes (only registries that can ask: `git`).',
      ),
    registry: sharedKeys.registry,
    gates: z
      .record(z.string(), thresholdInput)
      .default({})
      .describe('Thresholds the candidate must keep besides, by metric, e.g. `rmse: "< 0.10"`.'),
    margin: z.number().min(0).default(0).describe('How much worse the primary metric may be and still count as better, in its own unit.'),
    guards: z
      .record(z.string(), z.number().min(0))
      .default({})
      .describe("Metrics that must not be worse than the champion's by more than this, e.g. `recall: 0.01`."),
    'on-refusal': z
      .enum(['continue', 'fail'])
      .default('continue')
      .describe('What a candidate that is not better means: a green run that says so, or a red one.'),
    version: wired(
      'register.version',
      z.int().min(1).optional().describe('Version to promote. Absent: the run was refused before it was registered.'),
    ),
    evaluation: wired(
      'evaluate.record',
      z.string().optional().describe('Record of evaluate, with the comparison. Absent: only a first version can be promoted.'),
    ),
    registered: wired(
      'config.register.when',
      z.enum(['after-assessment', 'after-train']).default('after-assessment').describe('When the version was registered.'),
    ),
    refused: wired('run.refused', z.string().optional().describe('Why the run was refused, as JSON. Absent: it was not.')),
    key: wired('fetch-data.key', z.string().optional().describe('Idempotency key of the run. Absent: the outcome is not kept.')),
    data: wired('fetch-data.digest', z.string().default('').describe('Digest of the data.')),
    rows: wired('validate-data.rows', z.int().min(0).default(0).describe('Rows of the data.')),
    fingerprint: wired('gate.fingerprint', z.string().optional().describe('Cheap fingerprint of the source. Absent: the source has none.')),
    trainer: wired('gate.trainer', z.string().default('').describe('Digest of trainer code and environment.')),
    configuration: wired('run.configuration', z.string().default('').describe('Digest of the configuration.')),
  },
  outputs: {
    promoted: '`true` when the champion moved.',
    version: 'The version judged.',
    champion: 'Version in service afterwards.',
    proposal: 'Address of the pull request that waits for people; only with `by: pull-request`.',
  },
  needs: { registry },
  check: (inputs) => [
    ...unknownMetrics(inputs, [...metricsAt('gates', inputs.gates), ...metricsAt('guards', inputs.guards)]),
    ...cannotAsk(inputs),
  ],

  async run(inputs, { registry }, { signal, now, run }) {
    const { name, version } = inputs;
    const before = await registry.aliases(name, signal);
    const champion = before.versions.champion;

    const evaluation = inputs.evaluation === undefined ? undefined : await readRecord(inputs.evaluation);
    const refusal = inputs.refused === undefined ? undefined : (JSON.parse(inputs.refused) as Reason);
    const decision: Verdict = refusal
      ? skipped('refused', refusal.text)
      : version === undefined
        ? incomparable('no-version', 'There is no registered version to promote.')
        : decidePromotion({ version, champion, when: inputs.when, gates: inputs.gates, evaluation });

    const agreed = decision.kind === 'passed' && version !== undefined;
    const byPeople = inputs.by === 'pull-request' && champion !== version;
    const promoted = agreed && !byPeople;
    const event = { at: now.toISOString(), run: run.id, ...(version !== undefined && { version }), metrics: pointValues(evaluation) };
    let after: Aliases = before;
    let proposal: Proposal | undefined;
    if (agreed && byPeople) {
      if (!registry.propose) throw cannotPropose(registry.uri);
      const text = `Version ${version} is champion: the proposal of this run was accepted.`;
      const asked = {
        generation: before.generation,
        text: reviewText(run.id, evaluation),
        event: { ...event, event: 'promoted', text },
      } as const;
      proposal = await registry.propose(name, version, asked, signal);
    } else if (promoted && champion !== version) {
      after = await registry.move(
        name,
        { champion: version, ...(champion !== undefined && { previous: champion }), staging: undefined },
        before.generation,
        signal,
      );
    } else if (version !== undefined && champion !== version && !byPeople && !refusal) {
      // Where people promote, nothing else moves the aliases: each move would take an open proposal its ground.
      after = await registry.move(name, { staging: version }, before.generation, signal);
    }
    const said: Verdict = proposal
      ? skipped('proposed', `Version ${version} waits for people: merging ${proposal.url} promotes it.`)
      : decision;

    const text = said.kind === 'passed' ? `Version ${version} is champion.` : said.reason.text;
    // Registered before it was judged, it knows of no verdict; also one that was refused once may pass another time.
    if (version !== undefined && inputs.registered === 'after-train')
      await registry.tag(name, version, { verdict: refusal ? 'refused' : 'passed', reason: text }, signal);

    const entry: OutcomeEntry = {
      run: run.id,
      at: now.toISOString(),
      outcome: refusal ? 'refused' : 'passed',
      ...(refusal && { reason: refusal }),
      ...(version !== undefined && { version }),
    };
    await registry.updateState(name, (state) => withOutcome(state, inputs, entry, run.logicalDate), signal);
    await registry.append(
      name,
      {
        ...event,
        event: proposal ? 'proposed' : promoted ? 'promoted' : refusal ? 'refused' : 'registered',
        text,
      },
      signal,
    );

    const outputs = {
      promoted,
      ...(version !== undefined && { version }),
      ...(after.versions.champion !== undefined && { champion: after.versions.champion }),
      ...(proposal && { proposal: proposal.url }),
    };
    const verdict =
      said.kind === 'skipped' && said.reason.code === 'not-better' && inputs['on-refusal'] === 'fail'
        ? failed(said.reason.code, said.reason.text)
        : said;
    const found = promoted
      ? champion === undefined
        ? `version ${version} is the first champion`
        : champion === version
          ? `version ${version} stays champion`
          : `version ${version} takes over from version ${champion}`
      : (said as { reason: Reason }).reason.text;
    return { verdict, found, outputs };
  },
});

/** Told where the file names a registry; without one the door chooses it, and the gate looks at what that is. */
function cannotAsk({ by, registry: uri }: { readonly by: string; readonly registry?: string }) {
  if (by !== 'pull-request' || uri === undefined || asksPeople(uri)) return [];
  return [{ path: 'by', message: `expected a registry that can ask people for pull-request (\`registry: git\`), found "${uri}".` }];
}

function withOutcome(
  state: ModelState,
  inputs: {
    readonly key?: string;
    readonly fingerprint?: string;
    readonly trainer: string;
    readonly configuration: string;
    readonly data: string;
    readonly rows: number;
  },
  entry: OutcomeEntry,
  logicalDate: string,
): ModelState {
  if (inputs.key === undefined) return state;
  return {
    ...withRowCount(state, inputs.rows),
    outcomes: { ...state.outcomes, [inputs.key]: entry },
    ...(inputs.fingerprint !== undefined && {
      source: { fingerprint: inputs.fingerprint, configuration: sha256(`${inputs.configuration}\0${inputs.trainer}`), key: inputs.key },
    }),
    ...(entry.outcome === 'passed' && {
      lastTrained: {
        at: entry.at,
        logicalDate,
        data: inputs.data,
        rows: inputs.rows,
        ...(entry.version !== undefined && { version: entry.version }),
      },
    }),
  };
}

function pointValues(evaluation: Awaited<ReturnType<typeof readRecord>> | undefined): Record<string, number> {
  const values = (evaluation?.metrics ?? []).filter(
    ({ slice, model, split }) => slice === undefined && model === undefined && (split === undefined || split === 'test'),
  );
  return Object.fromEntries(values.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
