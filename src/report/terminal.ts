import { legible } from './escape.ts';
import { headlineOf } from './headline.ts';
import { beside, count, difference, duration, estimate, number } from './numbers.ts';
import { algorithmScores, candidateMetrics, comparisonOf, type Metric, type Run, recordOf, secondsOf } from './run.ts';

/** Narrower terminals wrap the lines themselves. */
const WIDTH_MIN = 48;

export interface TerminalOptions {
  /** Columns of the terminal; 80 by default. */
  readonly width?: number;
  readonly colour?: boolean;
  /** Where the report lies. */
  readonly report?: string;
  /** What a stage alone has written, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The short table at the end of a run: algorithms, figures, gates, what became of the version. Ends with a newline. */
export function terminalReport(run: Run, { width: wanted = 80, colour = false, report, files = {} }: TerminalOptions = {}): string {
  const width = Math.max(WIDTH_MIN, wanted);
  const paint = painter(colour);
  const headline = headlineOf(run);
  const tone = { good: paint.green, bad: paint.red, unsure: paint.yellow }[headline.tone];
  const parts = [
    [
      `${tone(paint.bold(headline.word))}  ${paint.bold(clean(run.model))}${run.version === undefined ? '' : `, version ${run.version}`}`,
      ...wrap(clean(headline.sentence), width),
    ].join('\n'),
    run.records.flatMap(({ error }) => (error?.todo === undefined ? [] : wrap(clean(error.todo), width))).join('\n'),
    columns(algorithmRows(run), width, paint),
    columns(metricRows(run), width, paint),
    championLines(run, width).join('\n'),
    brokenLines(run, width).join('\n'),
    [
      `Took ${duration(secondsOf(run))}.`,
      ...(report === undefined ? [] : [`Report: ${clean(report)}`]),
      ...Object.entries(files).map(([name, path]) => `${clean(name)}: ${clean(path)}`),
    ].join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

type Painter = Readonly<Record<'bold' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>>;

function painter(colour: boolean): Painter {
  const code = (on: number, off: number) => (text: string) => (colour ? `\x1b[${on}m${text}\x1b[${off}m` : text);
  return { bold: code(1, 22), dim: code(2, 22), green: code(32, 39), red: code(31, 39), yellow: code(33, 39) };
}

const clean = (text: string): string => legible(text).replace(/\s+/g, ' ').trim();

interface Rows {
  readonly head: readonly string[];
  readonly body: readonly (readonly string[])[];
  /** Columns from this one on may be left out, last first, when the terminal is narrow. */
  readonly keep: number;
}

const NO_ROWS: Rows = { head: [], body: [], keep: 0 };

function algorithmRows(run: Run): Rows {
  const scores = algorithmScores(run);
  if (scores.length === 0) return NO_ROWS;
  const names = [...new Set(scores.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
  const splits = [...new Set(scores.flatMap(({ metrics }) => metrics.map((metric) => metric.split)))];
  const split = splits.length === 1 ? splits[0] : undefined;
  return {
    head: [
      'Algorithm',
      ...names.map((name) =>
        split === undefined ? clean(name) : `${clean(name)} (${split === 'train' ? 'within training' : clean(split)})`,
      ),
    ],
    body: scores.map(({ algorithm, metrics, winner }) => [
      `${winner ? '✓' : ' '} ${clean(algorithm)}`,
      ...names.map((name) => shown(metrics.find((metric) => metric.name === name))),
    ]),
    keep: 2,
  };
}

const shown = (metric: Metric | undefined): string =>
  metric === undefined ? '–' : metric.value === undefined ? clean(metric.notComputable ?? '–') : estimate(metric.value, metric.interval);

/** Metrics whose gate has another name. */
const GATED: Readonly<Record<string, string>> = { syntax_overall: 'validity' };
const GATE_MARKS = { passed: '✓', failed: '✗', incomparable: '?' } as const;

/** Figures with the gates that judged them; gates on slices and rules stand below. */
function metricRows(run: Run): Rows {
  // Rates by complexity stand in the report; a stage alone has none.
  const ofSyntax = recordOf(run, 'syntax-validate')?.metrics ?? [];
  const metrics = [...candidateMetrics(run), ...ofSyntax.filter(({ slice }) => slice === undefined || run.pipeline === undefined)];
  const gates = run.records.flatMap((record) => record.gates);
  const told = new Set<unknown>();
  const body = metrics.map((metric) => {
    const own = gates.filter(
      (gate) =>
        (GATED[metric.name] ?? metric.name) === gate.name &&
        gate.slice === metric.slice &&
        (gate.split === undefined || gate.split === metric.split),
    );
    for (const gate of own) told.add(gate);
    const figure = metric.value !== undefined && own[0] ? beside(metric.value, own[0].threshold, metric.interval) : shown(metric);
    return [
      metric.slice === undefined ? clean(metric.name) : `  ${clean(metric.slice.replace(/^sql_complexity=/, ''))}`,
      figure,
      own.map((gate) => `${GATE_MARKS[gate.verdict]} ${clean(gate.threshold)}`).join(', '),
      count(metric.n),
    ];
  });
  const others = gates
    .filter((gate) => !told.has(gate) && gate.verdict !== 'passed')
    .map((gate) => [
      clean(gate.slice === undefined ? gate.name : `${gate.name}, ${gate.slice}`),
      gate.value === undefined ? '–' : beside(gate.value, gate.threshold, gate.interval),
      `${GATE_MARKS[gate.verdict]} ${clean(gate.threshold)}`,
      '',
    ]);
  const rows = [...body, ...others];
  return rows.length === 0 ? NO_ROWS : { head: ['Measure', 'Value [95 %]', 'Gate', 'n'], body: rows, keep: 3 };
}

function championLines(run: Run, width: number): readonly string[] {
  const found = comparisonOf(run);
  if (!found) return [];
  const { primary } = found;
  const broken = found.guards.filter(({ verdict }) => verdict === 'worse' || verdict === 'not-better');
  const judged = [...(primary && primary.notComputable === undefined ? [primary] : []), ...broken];
  const measured = judged.map((each) => `${clean(each.metric)} ${difference(each.difference, each.interval)}`).join(', ');
  const visible =
    primary?.smallestVisible === undefined || primary.verdict === 'better'
      ? ''
      : `; smallest visible difference ${number(primary.smallestVisible)}`;
  return wrap(
    `Against version ${found.champion} on the same ${count(found.n)} rows${measured === '' ? '' : `: ${measured}`}, ${found.verdict.replace('-', ' ')}${visible}.`,
    width,
  );
}

const BROKEN_MAX = 5;

/** The first broken statements with the place of the error. */
function brokenLines(run: Run, width: number): readonly string[] {
  const table = recordOf(run, 'syntax-validate')?.tables.find(({ name }) => name === 'broken-sql');
  if (table === undefined || table.rows.length === 0) return [];
  const all = table.total ?? table.rows.length;
  const first = table.rows.slice(0, BROKEN_MAX);
  const told = first.flatMap((row) => {
    const of = (column: string): string => clean(String(row[table.columns.indexOf(column)] ?? ''));
    const place = of('line') === '' ? '' : `, line ${of('line')}, column ${of('column')}`;
    const id = of('id') === '' ? '' : ` (${of('id')})`;
    return [
      ...wrap(`row ${of('row')}${id}${place}: ${of('message')}`, width - 2).map((line) => `  ${fit(line, width - 2).trimEnd()}`),
      ...(of('SQL') === '' ? [] : [`    ${fit(of('SQL'), width - 4).trimEnd()}`]),
    ];
  });
  return [`Not valid${first.length < all ? `, the first ${first.length} of ${count(all)}` : ''}:`, ...told];
}

/** Aligned columns with a dim head; too wide for the terminal, the last ones go, and then long cells are cut. */
function columns({ head, body, keep }: Rows, width: number, paint: Painter): string {
  if (body.length === 0) return '';
  const widthOf = (index: number) => Math.max(...[head, ...body].map((row) => displayWidth(row[index] ?? '')));
  let shownColumns = head.map((_, index) => index);
  const total = () => shownColumns.reduce((sum, index) => sum + widthOf(index) + 2, -2);
  while (total() > width && shownColumns.length > keep) shownColumns = shownColumns.slice(0, -1);
  const spare = Math.max(8, widthOf(0) - Math.max(0, total() - width));
  const limit = (index: number) => (index === 0 ? Math.min(widthOf(0), spare) : widthOf(index));
  const line = (row: readonly string[]) =>
    shownColumns
      .map((index) => fit(row[index] ?? '', limit(index)))
      .join('  ')
      .trimEnd();
  return [paint.dim(line(head)), ...body.map((row) => toned(line(row), paint))].join('\n');
}

function toned(line: string, paint: Painter): string {
  return line
    .replace('✓', paint.green('✓'))
    .replace('✗', paint.red('✗'))
    .replace(/\?(?= [<>=])/, paint.yellow('?'));
}

function fit(text: string, width: number): string {
  let kept = text;
  if (displayWidth(text) > width) {
    kept = '';
    for (const { segment } of GRAPHEMES.segment(text)) {
      if (displayWidth(kept + segment) > width - 1) break;
      kept += segment;
    }
    kept += '…';
  }
  return kept + ' '.repeat(Math.max(0, width - displayWidth(kept)));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(last) + 1 + displayWidth(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Characters that take two columns: East Asian wide ones and emoji. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;

/** Columns that a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += /^\p{M}+$/u.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}
