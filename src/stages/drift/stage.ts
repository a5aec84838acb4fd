import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import type { MetricValue, RecordTable } from '../../kernel/record.ts';
import { defineStage } from '../../kernel/stage.ts';
import { failed, incomparable, passed, skipped, type Verdict } from '../../kernel/verdict.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { type Data, data, type ProfileRun } from '../../providers/sources/source.ts';
import type { DriftReport } from '../../tables/drift/compare-profiles.ts';
import { type DriftMethod, driftShape } from '../../tables/drift/drift-schema.ts';
import { profileFromJson } from '../../tables/profile/profile-json.ts';
import type { Profile } from '../../tables/profile-types.ts';
import { readInputs, readOptionsOf } from '../read-inputs.ts';

export const drift = defineStage({
  name: 'drift',
  summary: 'Compare new data with the data the champion learned from.',
  inputs: {
    target: sharedKeys.target.optional(),
    key: sharedKeys.key.optional(),
    reference: z
      .string()
      .optional()
      .describe(
        'Data or stored profile (`…profile.json`) to compare with: path, pattern or store URI. Absent: the profile kept with the champion.',
      ),
    ...driftShape,
    'on-drift': z
      .enum(['continue', 'fail'])
      .default('continue')
      .describe('What a drifted data set means for the run: information, or a gate.'),
    'on-none': z.enum(['train', 'skip']).default('train').describe('What data without drift means: `train` anyway, or `skip` the run.'),
    current: wired('fetch-data.data', z.string().describe('New data: path, pattern or store URI.'), { overridable: true }),
    read: wired('config.fetch-data.read', readInputs),
    profile: wired('validate-data.profile', z.string().optional().describe('Profile of the new data. Absent: it is made from the data.')),
    champion: wired(
      'fetch-model.champion',
      z.string().optional().describe('Folder of the champion, with its profile. Absent: there is none.'),
    ),
    force: wired('run.force', z.boolean().default(false).describe('Go on although nothing drifted.')),
  },
  outputs: {
    drifted: '`true` when the data set counts as drifted.',
    share: 'Share of drifted feature columns, 0…1.',
    report: 'Every column with its distance and limit, as JSON.',
  },
  needs: { data },

  async run(inputs, { data }, { files, signal, log }) {
    const onProgress = (rows: number): void => log.progress(0, `${rows} rows read`);
    const before = await referenceOf(inputs, data, { signal, onProgress });
    if (!before)
      return {
        verdict: skipped('no-champion', 'There is no champion yet: nothing to compare with.'),
        found: 'nothing to compare with yet',
        outputs: { drifted: false, share: 0 },
      };

    const now = await currentOf(inputs, before, data, { signal, onProgress });
    const ignore = [...inputs.ignore, ...(inputs.key === undefined ? [] : [inputs.key])];
    const { compareProfiles } = await import('../../tables/drift/compare-profiles.ts');
    const report = compareProfiles(before, now, { ...inputs, ignore, target: inputs.target?.column });
    const verdict = verdictOf(report, inputs['on-drift']);
    const skip = verdict.kind === 'passed' && !report.drifted && inputs['on-none'] === 'skip' && !inputs.force;
    return {
      verdict: skip ? skipped('no-drift', 'Nothing drifted since the champion was trained; drift.on-none is skip.') : verdict,
      endsRun: skip,
      found:
        report.judged === 0
          ? 'no column could be judged'
          : `${report.driftedColumns} of ${report.judged} feature columns drifted${report.drifted ? ': the data set counts as drifted' : ''}`,
      outputs: {
        drifted: report.drifted,
        share: report.share ?? 0,
        report: await files.write('drift.json', `${JSON.stringify(report, undefined, 2)}\n`),
      },
      metrics: metricsOf(report),
      tables: [tableOf(report)],
    };
  },
});

interface ReferenceInputs {
  readonly reference?: string;
  readonly champion?: string;
  readonly read: z.output<typeof readInputs>;
}

/** The profile to compare with: given, made from given data, or the champion's. */
async function referenceOf({ reference, champion, read }: ReferenceInputs, data: Data, run: ProfileRun): Promise<Profile | undefined> {
  if (reference?.endsWith('profile.json')) {
    const [file] = await data.fetch(reference, run.signal);
    return profileFromJson(await readFile(file!.path, 'utf8'), reference);
  }
  if (reference !== undefined) return data.profile(reference, readOptionsOf(read), run);
  if (champion === undefined) return undefined;
  const text = await readFile(join(champion, 'profile.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : profileFromJson(text, 'profile of the champion');
}

interface CurrentInputs {
  readonly current: string;
  readonly profile?: string;
  readonly method: DriftMethod;
  readonly read: z.output<typeof readInputs>;
}

/** The new data: their profile where one was made, else counted on the reference's edges, which is all that a comparison needs. */
async function currentOf(
  { current, profile, method, read }: CurrentInputs,
  before: Profile,
  data: Data,
  run: ProfileRun,
): Promise<Profile> {
  if (profile !== undefined) return profileFromJson(await readFile(profile, 'utf8'));
  // Evidently picks its test by the number of different values of both.
  if (method === 'evidently') return data.profile(current, readOptionsOf(read), run);
  return data.count(current, readOptionsOf(read), before, run);
}

function verdictOf(report: DriftReport, onDrift: 'continue' | 'fail'): Verdict {
  const broken = report.columns.find(({ verdict }) => verdict === 'error');
  if (report.judged === 0 && !report.drifted) return incomparable('too-few', broken?.note ?? 'No column has enough rows on both sides.');
  if (report.drifted && onDrift === 'fail') return failed('drifted', `${report.reasons.join(' ')} drift.on-drift is fail.`);
  return passed;
}

const metricsOf = ({ method, columns }: DriftReport): MetricValue[] =>
  columns.flatMap(({ column, distance, n }) => (distance === undefined ? [] : [{ name: method, column, value: distance, n: n.current }]));

function tableOf({ columns, method }: DriftReport): RecordTable {
  const sorted = [...columns].sort((a, b) => Number(b.drifted) - Number(a.drifted) || (b.distance ?? 0) - (a.distance ?? 0));
  return {
    name: 'drift',
    title: 'Drift against the data the champion learned from',
    columns: ['column', 'role', method, 'limit', 'p', 'verdict', 'missing before', 'missing now', 'note'],
    rows: sorted
      .slice(0, 200)
      .map((one) => [
        one.column,
        one.role,
        one.distance ?? null,
        one.limit ?? null,
        one.adjustedP ?? one.p ?? null,
        one.verdict,
        one.missing.reference,
        one.missing.current,
        one.note ?? null,
      ]),
    ...(sorted.length > 200 && { total: sorted.length }),
  };
}
