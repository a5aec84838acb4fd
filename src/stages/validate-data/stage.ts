import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import type { Gate, RecordTable } from '../../kernel/record.ts';
import { defineStage } from '../../kernel/stage.ts';
import { failed, passed } from '../../kernel/verdict.ts';
import { judge } from '../../metrics/gates.ts';
import { parseThreshold } from '../../metrics/threshold.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { registry } from '../../providers/registries/registry.ts';
import { data } from '../../providers/sources/source.ts';
import { BadInput } from '../../tables/bad-input.ts';
import { profileToJson } from '../../tables/profile/profile-json.ts';
import type { Profile } from '../../tables/profile-types.ts';
import { brokenRules, type QualityReport } from '../../tables/rules/quality-report.ts';
import { rulesShape } from '../../tables/rules/rules-schema.ts';
import type { Table } from '../../tables/table.ts';
import { thresholdInput } from '../gate-inputs.ts';
import { readInputs, readOptionsOf } from '../read-inputs.ts';
import { rowCounts } from '../row-counts.ts';
import { watched } from '../watched.ts';

export const validateData = defineStage({
  name: 'validate-data',
  summary: 'Hold the data against its quality rules, score it, and describe every column.',
  inputs: {
    name: sharedKeys.name.optional(),
    target: sharedKeys.target.optional(),
    key: sharedKeys.key.optional(),
    data: wired('fetch-data.data', z.string().describe('The data: path, pattern, or what fetch-data left.'), { overridable: true }),
    read: wired('config.fetch-data.read', readInputs),
    source: wired(
      'config.fetch-data.source',
      z.string().optional().describe('Where the data came from, for its last change. Absent: only a column can tell its age.'),
    ),
    drop: wired(
      'config.prepare-data.drop',
      z.array(z.string()).default([]).describe('Columns that are no features and may therefore be empty.'),
    ),
    ...rulesShape,
    gates: z
      .strictObject({
        score: thresholdInput
          .optional()
          .describe('Limit of the quality score (0 to 100), e.g. `"> 90"`. Absent: the score is only reported.'),
      })
      .prefault({})
      .describe('Thresholds the data must keep.'),
  },
  outputs: {
    score: 'Quality score, 0 to 100.',
    rows: 'Number of rows.',
    quality: 'Every rule with its counts and example rows, as JSON.',
    profile: 'Profile of every column.',
  },
  needs: { data, registry },

  async run(inputs, { data, registry }, { files, log, run, signal }) {
    const table = await data.open(inputs.data, readOptionsOf(inputs.read), signal);
    refuseAbsent(table, [inputs.target?.column, inputs.key]);
    const described = await data.profile(inputs.data, readOptionsOf(inputs.read), {
      signal,
      onProgress: (rows) => log.progress(0, `${rows} rows read`),
    });
    refuseEmptyColumns(described, table, inputs.drop);

    const modified =
      inputs.source === undefined || inputs.freshness === undefined ? undefined : (await data.look(inputs.source, signal)).modified;
    const checked = watched(table, (rows) =>
      log.progress(described.rows === 0 ? 0 : 0.5 + rows / described.rows / 2, 'checking the rules'),
    );
    const { checkRules } = await import('../../tables/rules/check-rules.ts');
    const report = await checkRules(checked, inputs, {
      key: inputs.key,
      target: inputs.target?.column,
      logicalDate: new Date(run.logicalDate),
      ...(modified !== undefined && { lastModified: new Date(modified) }),
      references: new Map(await Promise.all(inputs.references.map(async ({ to }) => [to, await data.open(to, {}, signal)] as const))),
      history: inputs.name === undefined ? [] : rowCounts(await registry.state(inputs.name, signal)),
      signal,
    });

    const gates = scoreGate(inputs.gates.score, report);
    const broken = brokenRules(report, 'error');
    const missed = gates.find(({ verdict }) => verdict !== 'passed');
    const verdict =
      broken.length > 0
        ? failed(
            'rule-violated',
            `${broken.length === 1 ? 'A rule is' : `${broken.length} rules are`} violated: ${broken.slice(0, 3).map(ruleText).join('; ')}.`,
          )
        : missed
          ? failed('gate-missed', `Quality score ${missed.reason ?? missed.threshold}`)
          : passed;
    return {
      verdict,
      found: `${report.rows} rows, ${table.schema.length} columns, quality ${report.score.value.toFixed(1)} of 100`,
      outputs: {
        score: report.score.value,
        rows: report.rows,
        quality: await files.write('quality.json', `${JSON.stringify(report, undefined, 2)}\n`),
        profile: await files.write('profile.json', profileToJson(described)),
      },
      metrics: [{ name: 'quality_score', value: report.score.value, n: report.rows }],
      gates,
      tables: [rulesTable(report)],
    };
  },
});

function refuseAbsent(table: Table, wanted: readonly (string | undefined)[]): void {
  const names = table.schema.map(({ name }) => name);
  for (const name of wanted) {
    if (name !== undefined && !names.includes(name))
      throw new BadInput(
        'unknown-column',
        `expected a column "${name}", found ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}.`,
        { file: table.name },
        'Correct target or key in the pipeline file, or the data.',
      );
  }
}

/** A feature without a single value means that something upstream broke; a model would silently learn without it. */
function refuseEmptyColumns(described: Profile, table: Table, dropped: readonly string[]): void {
  const empty = described.columns.filter(({ name, count }) => count === 0 && !dropped.includes(name)).map(({ name }) => name);
  if (described.rows === 0 || empty.length === 0) return;
  throw new BadInput(
    'empty-column',
    `has no value in any of ${described.rows} rows${empty.length > 1 ? ` (so have ${empty.slice(1, 4).join(', ')})` : ''}.`,
    { file: table.name, column: empty[0]! },
    'Mend the source, or name the column in prepare-data.drop.',
  );
}

function scoreGate(threshold: string | number | undefined, { score, rows }: QualityReport): Gate[] {
  if (threshold === undefined) return [];
  const {
    verdict,
    threshold: text,
    reason,
  } = judge(parseThreshold(threshold, 'higher', 'validate-data.gates.score'), { value: score.value, n: rows }, 'point');
  return [{ name: 'score', threshold: text, value: score.value, judged: 'point', verdict, ...(reason && { reason: reason.text }) }];
}

const placeText = ({ file, row }: { readonly file?: string; readonly row: number }): string =>
  `row ${row}${file === undefined ? '' : ` of ${file}`}`;

const ruleText = (rule: QualityReport['rules'][number]): string => {
  const example = rule.examples[0];
  return `${rule.id} (expected ${rule.expected}): ${rule.note ?? `${rule.failed} of ${rule.checked}`}${example ? `, e.g. "${example.value}" in ${placeText(example)}` : ''}`;
};

function rulesTable({ rules }: QualityReport): RecordTable {
  return {
    name: 'quality-rules',
    title: 'Quality rules',
    columns: ['rule', 'expected', 'severity', 'checked', 'failed', 'passed', 'example'],
    rows: rules
      .slice(0, 200)
      .map((rule) => [
        rule.id,
        rule.expected,
        rule.severity,
        rule.checked,
        rule.failed,
        rule.passed,
        rule.examples[0] ? `${placeText(rule.examples[0])}: ${rule.examples[0].value}` : null,
      ]),
    ...(rules.length > 200 && { total: rules.length }),
  };
}
