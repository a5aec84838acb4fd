import type { RecordTable } from '../../kernel/record.ts';
import type { Context } from '../../kernel/stage.ts';
import type { Task } from '../../metrics/metric.ts';
import type { ExecutionScore } from '../../metrics/text-to-sql-execution.ts';
import { csvLine, evaluationFile } from '../../metrics/text-to-sql-files.ts';
import { type ChosenKinds, scoreTextToSql, spiderVerdicts, type TextToSqlRows } from '../../metrics/text-to-sql-rows.ts';
import { spiderComponents } from '../../metrics/text-to-sql-spider.ts';
import type { SqlEngines } from '../../providers/engines/engine.ts';
import type { Data } from '../../providers/sources/source.ts';
import type { Judged } from '../judged-rows.ts';
import { complexityLabels, readSchemas, schemasOf } from '../sql-complexity.ts';
import { readSqlRows, type SqlRows } from '../sql-rows.ts';
import { assess, type EvaluateResult } from './assess.ts';
import { executionTable, openExecution, unsteadyRows } from './execution.ts';
import type { EvaluateInputs } from './inputs.ts';

const TASK: Task = 'text-to-sql';
/** Exact match up within noise of F1 must not be bought with worse SQL: the guard where the user names none. */
const USUAL_GUARDS = { f1_score: 0.01 };

interface SqlJudged extends Judged<TextToSqlRows> {
  readonly source: SqlRows;
  readonly execution?: readonly ExecutionScore[];
}

/** Exact match, token F1 and execution accuracy of predicted SQL; writes the evaluation CSV. */
export async function evaluateSql(
  inputs: EvaluateInputs,
  { data, engines }: { readonly data: Data; readonly engines: SqlEngines },
  context: Context,
): Promise<EvaluateResult> {
  const { signal, log, files } = context;
  const dialect = inputs.dialect ?? 'sqlite';
  const kinds: ChosenKinds = { exactMatch: inputs['exact-match'] ?? 'normalized', tokenF1: inputs['token-f1'] ?? 'bag' };
  const schemas = await readSchemas(inputs.schemas, data, signal);
  const sandbox = inputs.execution && (await openExecution(inputs.execution, { data, engines }, signal));
  try {
    const judge = async (rows: string | undefined, predictions: string): Promise<SqlJudged> => {
      const options = { columns: inputs.columns, key: inputs.key, target: inputs.target?.column, signal };
      const source = await readSqlRows(data, { rows, predictions }, options);
      const execution = await sandbox?.scores(source, (share) => log.progress(share, 'queries'));
      const schemaOf = schemasOf(schemas, source.databases);
      const scored = scoreTextToSql(source.texts, { ...kinds, dialect, schemaOf, ...(execution && { execution }) });
      return { keys: source.keys, truth: source.texts.map(({ expected }) => expected), rows: scored, source, execution };
    };
    const test = await judge(inputs.rows, inputs.predictions);
    warn(test, log);

    const schemaOf = schemasOf(schemas, test.source.databases);
    const labels = await complexityLabels(test.source, inputs.complexity ?? 'column-or-structure', { engines, dialect, schemaOf, signal });
    const texts = test.source.texts.map((text, row) => ({ ...text, complexity: labels[row] }));
    const { header, rows } = evaluationFile(texts, test.rows, test.execution);
    const evaluation = await files.write('evaluation.csv', lines(header, rows));

    const guards = Object.keys(inputs.guards).length === 0 && inputs.primary !== 'f1_score' ? USUAL_GUARDS : inputs.guards;
    const beside = ['exact_match_normalized', 'exact_match_string', 'token_f1', 'jaccard'].filter((name) => !isChosen(name, kinds));
    const found = await assess({ task: TASK, inputs: { ...inputs, guards }, test, judge, beside }, context);
    return {
      ...found,
      outputs: { ...found.outputs, evaluation },
      tables: [
        kindsTable(kinds),
        ...(kinds.exactMatch === 'spider' ? [componentsTable(spiderVerdicts(test.source.texts, schemaOf))] : []),
        ...(test.execution ? [executionTable(test.execution)] : []),
      ],
    };
  } finally {
    await sandbox?.close();
  }
}

async function* lines(header: readonly string[], rows: ReturnType<typeof evaluationFile>['rows']): AsyncIterable<string> {
  yield csvLine(header);
  for (const row of rows) yield csvLine(row);
}

function warn({ source, execution }: SqlJudged, log: Context['log']): void {
  const { texts, missing } = source;
  if (missing > 0) log.warn('missing-predictions', `${missing} of ${texts.length} rows have no prediction; they count as wrong.`);
  const unasked = texts.filter(({ expected }) => expected === '').length;
  if (unasked > 0) log.warn('empty-expected', `${unasked} of ${texts.length} rows have no expected SQL.`);
  if (!execution) return;
  const unsteady = unsteadyRows(source);
  if (unsteady > 0) log.warn('unsteady-sql', `${unsteady} rows ask for the time or for chance: run again, their result may differ.`);
  const broken = execution.findIndex(({ reason }) => reason === 'gold-error');
  if (broken === -1) return;
  const count = execution.filter(({ reason }) => reason === 'gold-error').length;
  log.warn(
    'gold-error',
    `The expected SQL of ${count} rows cannot be run; they are left out of execution. Row ${broken + 1}: ${execution[broken]!.message}`,
  );
}

const isChosen = (name: string, { exactMatch, tokenF1 }: ChosenKinds): boolean =>
  name === `exact_match_${exactMatch}` || (name === 'token_f1' && tokenF1 === 'bag') || (name === 'jaccard' && tokenF1 === 'jaccard');

const componentsTable = (verdicts: ReturnType<typeof spiderVerdicts>): RecordTable => ({
  name: 'spider-components',
  title: "Spider's components by hardness",
  columns: ['hardness', 'rows', 'component', 'precision', 'recall', 'F1'],
  rows: spiderComponents(verdicts).map(({ level, rows, component, precision, recall, f1 }) => [
    level,
    rows,
    component,
    precision,
    recall,
    f1,
  ]),
});

const MEANINGS = {
  normalized: 'the same tokens, without regard to case, white space and comments',
  string: 'the same text, without regard to case and blanks at its ends',
  spider: "Spider's exact set match",
  bag: 'F1 of the bags of tokens, mean of the rows',
  jaccard: 'Jaccard index of the sets of tokens, mean of the rows',
} as const;

const kindsTable = ({ exactMatch, tokenF1 }: ChosenKinds): RecordTable => ({
  name: 'sql-metrics',
  title: 'What the metrics mean',
  columns: ['metric', 'kind', 'meaning'],
  rows: [
    ['exact_match', exactMatch, MEANINGS[exactMatch]],
    ['f1_score', tokenF1, MEANINGS[tokenF1]],
  ],
});
