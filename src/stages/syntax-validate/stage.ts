import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import type { Gate, MetricValue, RecordTable } from '../../kernel/record.ts';
import { defineStage } from '../../kernel/stage.ts';
import { failed, incomparable, passed, type Verdict } from '../../kernel/verdict.ts';
import { judge as judgeGate } from '../../metrics/gates.ts';
import { csvLineForPeople } from '../../metrics/text-to-sql-files.ts';
import {
  SYNTAX_COLUMNS,
  SyntaxCounts,
  type SyntaxRate,
  type SyntaxRow,
  syntaxBucketFile,
  syntaxLine,
} from '../../metrics/text-to-sql-syntax.ts';
import { parseThreshold } from '../../metrics/threshold.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { type EngineFacts, engines, type Judge } from '../../providers/engines/engine.ts';
import { data } from '../../providers/sources/source.ts';
import { DIALECTS, type Dialect } from '../../sql/dialect.ts';
import { type Estimate, isComputed } from '../../statistics/estimate.ts';
import { thresholdInput } from '../gate-inputs.ts';
import { gateOf } from '../gates.ts';
import { openAsText } from '../open-as-text.ts';
import { sqlColumnInput } from '../sql-columns.ts';
import { chooseColumns, type PredictionRow, predictionRows } from './rows.ts';

/** Broken statements shown in the record; the file holds them all. */
const BROKEN_SHOWN = 20;
const CELL_CHARACTERS = 300;

export const syntaxValidate = defineStage({
  name: 'syntax-validate',
  summary: "Ask each database's own parser which predicted statements are valid SQL.",
  inputs: {
    task: sharedKeys.task.optional(),
    predictions: wired(
      'evaluate.evaluation',
      z.string().describe('Predictions: path, glob or store URI of a table with a column of SQL. The evaluation CSV is one.'),
      { overridable: true },
    ),
    columns: z
      .strictObject({
        predicted: sqlColumnInput('Column of the predicted SQL.', 'predicted'),
        complexity: sqlColumnInput('Column of the complexity label.', 'complexity'),
        id: sqlColumnInput('Column that identifies a row.', 'id'),
      })
      .prefault({})
      .describe('Which columns hold what.'),
    dialect: z
      .enum(DIALECTS)
      .optional()
      .describe(
        'The database the SQL is for: sqlite, postgres, mysql and mariadb are judged, the others approximately. Absent only in pipelines of other tasks than text-to-sql.',
      ),
    engine: z
      .enum(['auto', 'node-sql-parser'])
      .default('auto')
      .describe(
        "Who judges: the database's own parser where there is one, else a library with rules (`auto`); or node-sql-parser by force.",
      ),
    'sql-mode': z
      .array(z.enum(['ANSI_QUOTES', 'IGNORE_SPACE', 'NO_BACKSLASH_ESCAPES']))
      .default([])
      .describe("MySQL's modes that change what is valid."),
    'single-statement': z.boolean().default(false).describe('Whether a text with several statements is invalid.'),
    schema: z
      .string()
      .optional()
      .describe(
        'SQLite only: file of CREATE statements. With it, a second rate says whether the names exist. Absent: names are not looked up.',
      ),
    'cross-check': z
      .enum(['auto', 'on', 'off'])
      .default('auto')
      .describe(
        'Ask node-sql-parser too and note where it differs: `auto` does so for mysql and mariadb, whose own parser is not at hand.',
      ),
    approximate: z
      .enum(['refuse', 'allow'])
      .default('refuse')
      .describe('May a rate by an approximate judge pass? `refuse` makes such a run incomparable.'),
    'on-unjudged': z
      .enum(['incomparable', 'continue'])
      .default('incomparable')
      .describe('What rows that could not be judged mean: the run is incomparable, or they are left out and counted.'),
    gates: z
      .strictObject({
        validity: thresholdInput
          .optional()
          .describe('Share of valid rows among the judged, e.g. `">= 0.9"`. Absent: the rate is reported, not judged.'),
      })
      .prefault({})
      .describe('Thresholds. None by default: the rate is reported.'),
  },
  outputs: {
    validity: 'Share of valid rows among the judged ones.',
    judged: 'Rows that were judged.',
    results: '`syntax_validation_results.csv`: verdict, message and place of every row.',
    'by-complexity': '`per_complexity_validation.csv`.',
  },
  keeps: ['results', 'by-complexity'],
  needs: { engines, data },
  check: ({ task, dialect }) => {
    if (task !== undefined && task !== 'text-to-sql')
      return dialect === undefined ? [] : [{ path: 'dialect', message: `expected only where task is text-to-sql; it is ${task}.` }];
    return dialect === undefined
      ? [{ path: 'dialect', message: `expected the database the SQL is for (${DIALECTS.join(', ')}), found nothing.` }]
      : [];
  },

  async run(inputs, { engines, data }, { signal, files, log }) {
    // `check` lets no run begin without.
    const dialect = inputs.dialect!;
    const table = await openAsText(inputs.predictions, data, signal);
    const columns = chooseColumns(table, inputs.columns);
    const [schemaFile] = inputs.schema === undefined ? [] : await data.fetch(inputs.schema, signal);
    const crossCheck = inputs['cross-check'] === 'on' || (inputs['cross-check'] === 'auto' && isMysql(dialect));
    const judge = await engines.open(
      {
        dialect,
        engine: inputs.engine,
        sqlModes: inputs['sql-mode'],
        singleStatement: inputs['single-statement'],
        crossCheck,
        ...(schemaFile ? { schema: await readFile(schemaFile.path, 'utf8') } : {}),
      },
      signal,
    );
    try {
      const counts = new SyntaxCounts();
      const broken: (SyntaxRow & PredictionRow)[] = [];
      let notValid = 0;
      let differs = 0;
      const results = await files.write('syntax_validation_results.csv', resultLines());
      const byComplexity = await files.write('per_complexity_validation.csv', bucketLines(counts));
      const rate = counts.rate();
      const gates = gatesOf(inputs.gates.validity, rate.validity);
      if (differs > 0) log.warn('cross-check-differs', `node-sql-parser differs in ${differs} rows; see cross_check in the results.`);
      return {
        verdict: verdictOf(rate, gates, judge.facts, inputs),
        found: foundText(rate, judge.facts),
        outputs: {
          ...(isComputed(rate.validity) ? { validity: rate.validity.value } : {}),
          judged: rate.judged,
          results,
          'by-complexity': byComplexity,
        },
        metrics: metricsOf(counts),
        gates,
        tables: [bucketTable(counts), brokenTable(broken, notValid)],
      };

      async function* resultLines(): AsyncIterable<string> {
        const by = { dialect: judge.facts.dialect, engine: engineName(judge.facts), engineVersion: judge.facts.version };
        yield csvLineForPeople(SYNTAX_COLUMNS);
        for await (const row of judgedRows(judge, predictionRows(table, columns, signal))) {
          counts.add(row);
          if (row.verdict.verdict !== 'valid') {
            notValid++;
            if (broken.length < BROKEN_SHOWN) broken.push(row);
          }
          if (row.crossCheck === 'differs') differs++;
          yield csvLineForPeople(syntaxLine(row, by));
        }
      }
    } finally {
      await judge.close();
    }
  },
});

const isMysql = (dialect: Dialect): boolean => dialect === 'mysql' || dialect === 'mariadb';
const engineName = ({ name, approximate }: EngineFacts): string => (approximate && name !== 'approximate' ? `${name} (approximate)` : name);

/** Joins each row with its verdict; rows wait only while their verdicts are under way. */
async function* judgedRows(judge: Judge, rows: AsyncIterable<PredictionRow>): AsyncIterable<SyntaxRow & PredictionRow> {
  const waiting: PredictionRow[] = [];
  async function* texts(): AsyncIterable<string> {
    for await (const row of rows) {
      waiting.push(row);
      yield row.predicted;
    }
  }
  for await (const judged of judge.judge(texts())) yield { ...waiting.shift()!, ...judged };
}

async function* bucketLines(counts: SyntaxCounts): AsyncIterable<string> {
  const { header, rows } = syntaxBucketFile(counts);
  yield csvLineForPeople(header);
  for (const row of rows) yield csvLineForPeople(row);
}

function gatesOf(written: string | number | undefined, validity: Estimate): Gate[] {
  if (written === undefined) return [];
  return [gateOf('validity', judgeGate(parseThreshold(written, 'higher'), validity))];
}

function verdictOf(
  rate: SyntaxRate,
  gates: readonly Gate[],
  facts: EngineFacts,
  inputs: { readonly 'on-unjudged': string; readonly approximate: string },
): Verdict {
  if (rate.rows === 0) return incomparable('empty', 'There is no prediction to judge.');
  if (rate.judged === 0) return incomparable('not-judged', `None of ${rate.rows} rows could be judged by ${facts.version}.`);
  if (facts.approximate && inputs.approximate !== 'allow')
    return incomparable(
      'approximate',
      `${facts.dialect} is judged approximately by ${facts.version}; \`approximate: allow\` lets such a rate pass.`,
    );
  const missed = gates.find(({ verdict }) => verdict !== 'passed');
  if (missed?.verdict === 'failed') return failed('gate-missed', `Validity: ${missed.reason}`);
  if (rate.judged < rate.rows && inputs['on-unjudged'] === 'incomparable')
    return incomparable('not-judged', `${rate.rows - rate.judged} of ${rate.rows} rows could not be judged.`);
  return missed ? incomparable('uncertain', `Validity: ${missed.reason}`) : passed;
}

function foundText(rate: SyntaxRate, facts: EngineFacts): string {
  const share = isComputed(rate.validity) ? `${(100 * rate.validity.value).toFixed(1)} % valid` : 'nothing judged';
  return `${share} of ${rate.judged} judged rows (${rate.rows} in all), by ${facts.version}${facts.approximate ? ', approximate' : ''}`;
}

function metricsOf(counts: SyntaxCounts): MetricValue[] {
  const rate = counts.rate();
  const metric = (name: string, estimate: Estimate, slice?: string): MetricValue => ({
    name,
    n: estimate.n,
    ...(isComputed(estimate) ? { value: estimate.value, ...(estimate.interval ? { interval: estimate.interval } : {}) } : estimate),
    ...(slice === undefined ? {} : { slice }),
  });
  return [
    metric('syntax_overall', rate.validity),
    metric('syntax_after_cleanup', rate.afterCleanup),
    ...(rate.namesResolve ? [metric('names_resolve', rate.namesResolve)] : []),
    ...counts.buckets().map(({ label, validity }) => metric('syntax_overall', validity, `sql_complexity=${label}`)),
  ];
}

function bucketTable(counts: SyntaxCounts): RecordTable {
  const { header, rows } = syntaxBucketFile(counts);
  const cells = [...rows].map((row) => row.map((cell) => cell ?? null));
  return {
    name: 'syntax-by-complexity',
    title: 'Valid SQL by complexity',
    columns: [...header],
    rows: cells.slice(0, 1_000),
    total: cells.length,
  };
}

function brokenTable(rows: readonly (SyntaxRow & PredictionRow)[], total: number): RecordTable {
  const named = rows.some(({ id }) => id !== undefined);
  const cut = (text: string): string => (text.length > CELL_CHARACTERS ? `${text.slice(0, CELL_CHARACTERS)}…` : text).toWellFormed();
  return {
    name: 'broken-sql',
    title: 'The first statements that are not valid',
    total,
    columns: ['row', ...(named ? ['id'] : []), 'verdict', 'code', 'message', 'line', 'column', 'near', 'looks like', 'SQL'],
    rows: rows.map(({ row, id, verdict, looksLike, predicted }) => {
      const at = verdict.verdict === 'invalid' ? verdict.at : undefined;
      const { code, message } = verdict.verdict === 'valid' ? { code: null, message: '' } : verdict;
      return [
        row,
        ...(named ? [id ?? null] : []),
        verdict.verdict,
        code,
        cut(message),
        at?.line ?? null,
        at?.column ?? null,
        at?.near ?? null,
        looksLike ?? null,
        cut(predicted),
      ];
    }),
  };
}
