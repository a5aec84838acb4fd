import { type Block, type Cell, type Column, cell, type ReportDocument, type Section, type Tone } from './document.ts';
import { curveBlocks, tableBlocks } from './from-records.ts';
import { headlineFacts, headlineOf } from './headline.ts';
import { marksFor } from './marks.ts';
import { beside, bytes, count, difference, duration, estimate, instant, number, percent, plural, pValue } from './numbers.ts';
import {
  algorithmScores,
  candidateMetrics,
  comparisonOf,
  type Gate,
  isFileRef,
  type Metric,
  type MetricComparison,
  type Run,
  recordOf,
  type StageRecord,
} from './run.ts';

/** One earlier version's figure, for the trend; from the registry's history. */
export interface TrendPoint {
  readonly version: number;
  readonly metric: string;
  readonly value: number;
}

export interface ReportOptions {
  readonly trend?: readonly TrendPoint[];
}

/** The whole report, in the order a reader wants it. A section whose record is absent is not there. */
export function reportDocument(run: Run, options: ReportOptions = {}): ReportDocument {
  const sections = [
    attention(run),
    gates(run),
    comparison(run),
    metrics(run),
    algorithms(run),
    slices(run),
    drift(run),
    quality(run),
    curves(run),
    trend(options.trend ?? []),
    stages(run),
    digests(run),
    loading(run),
    circumstances(run),
  ];
  return {
    title: `${run.model}: ${headlineOf(run).word.toLowerCase()}`,
    headline: headlineOf(run),
    facts: headlineFacts(run),
    sections: sections.filter((section) => section !== undefined && section.blocks.length > 0) as readonly Section[],
  };
}

const texts = (...titles: readonly string[]): readonly Column[] =>
  titles.map((title) => ({ title: title.replace(/^#/, ''), numeric: title.startsWith('#') }));

/** Errors and warnings: what a reader must know before the figures. */
function attention(run: Run): Section {
  const blocks: Block[] = run.records.flatMap((record): Block[] =>
    record.error
      ? [{ kind: 'text', tone: 'bad', text: `${record.stage}: ${record.error.message}${record.error.todo ? ` ${record.error.todo}` : ''}` }]
      : [],
  );
  const warnings = run.records.flatMap((record) =>
    record.warnings.map(({ code, text }) => [cell(record.stage), cell(code, { code: true }), cell(text)]),
  );
  if (warnings.length > 0) blocks.push({ kind: 'table', caption: 'Warnings', columns: texts('Stage', 'Code', 'Warning'), rows: warnings });
  if (recordOf(run, 'train')?.inputs.select === 'test') {
    blocks.push({
      kind: 'text',
      tone: 'unsure',
      text: 'The winner was chosen on the test part (train.select: test), so its figures are optimistic.',
    });
  }
  const proposal = recordOf(run, 'promote')?.outputs.proposal;
  if (typeof proposal === 'string') blocks.push({ kind: 'links', links: [{ name: 'The pull request that promotes it', url: proposal }] });
  if (run.force) blocks.push({ kind: 'text', tone: 'unsure', text: 'This run was forced: it trained although its key was known.' });
  return { id: 'attention', title: 'Attention', weight: 'essential', blocks };
}

const VERDICT_TONES: Readonly<Record<Gate['verdict'], Tone>> = { passed: 'good', failed: 'bad', incomparable: 'unsure' };
const VERDICT_WORDS: Readonly<Record<Gate['verdict'], string>> = { passed: '✓ passed', failed: '✗ failed', incomparable: '? uncertain' };

function gates(run: Run): Section {
  const all = run.records.flatMap((record) => record.gates.map((gate) => ({ stage: record.stage, gate })));
  const missed = all.filter(({ gate }) => gate.verdict !== 'passed').length;
  const rows = all.map(({ stage, gate }) => [
    cell(VERDICT_WORDS[gate.verdict], { tone: VERDICT_TONES[gate.verdict] }),
    cell(gate.name),
    cell(gate.threshold),
    cell(gate.value === undefined ? '–' : beside(gate.value, gate.threshold, gate.interval)),
    cell([gate.slice, gate.split].filter(Boolean).join(', ') || '–'),
    cell(stage),
    cell(gate.reason ?? `by its ${gate.judged === 'point' ? 'point value' : 'interval'}`),
  ]);
  if (rows.length === 0) return { id: 'gates', title: 'Gates', weight: 'essential', blocks: [] };
  const lead: Block = {
    kind: 'text',
    tone: missed === 0 ? 'good' : 'bad',
    text:
      missed === 0
        ? `All ${plural(all.length, 'gate')} passed.`.replace('All 1 gate', 'The only gate')
        : `${count(missed)} of ${plural(all.length, 'gate')} not passed.`,
  };
  return {
    id: 'gates',
    title: 'Gates',
    weight: 'essential',
    blocks: [
      lead,
      { kind: 'table', caption: 'Gates', columns: texts('Verdict', 'Measure', 'Asked', '#Found', 'Where', 'Stage', 'Judged'), rows },
    ],
  };
}

function comparison(run: Run): Section {
  const found = comparisonOf(run);
  const section = { id: 'champion', title: 'Candidate against champion', weight: 'essential' as const };
  if (!found) return { ...section, blocks: [] };
  const judged = [
    ...(found.primary ? [{ each: found.primary, role: 'primary' }] : []),
    ...found.guards.map((each) => ({ each, role: 'guard' })),
  ];
  const marks = marksFor(
    judged.map(({ each }) => ({
      value: each.difference,
      low: each.interval?.low,
      high: each.interval?.high,
      reference: each.margin > 0 ? -each.margin : 0,
    })),
  );
  const blocks: Block[] = [
    {
      kind: 'text',
      tone: found.verdict === 'better' ? 'good' : 'unsure',
      text:
        found.reason?.text ??
        (found.verdict === 'better' ? `Better than version ${found.champion} beyond noise.` : `Not better than version ${found.champion}.`),
    },
    {
      kind: 'text',
      text: `Both were judged on the same ${plural(found.n, 'row')} of the ${found.split} part; ${found.leftOut === 0 ? 'version' : `${plural(found.leftOut, 'row')} that version`} ${found.champion} ${found.leftOut === 0 ? 'was trained on none of them' : 'was trained on were left out'}.`,
    },
  ];
  if (judged.length > 0) {
    const columns = texts(
      'Measure',
      'Role',
      '#Candidate',
      `#Champion (version ${found.champion})`,
      '#Difference (more is better)',
      'Test',
      'Verdict',
    );
    blocks.push({
      kind: 'table',
      caption: 'Candidate and champion on the same rows',
      columns,
      rows: judged.map(({ each, role }, index) => comparisonRow(each, role, marks[index])),
    });
    for (const { each } of judged) {
      if (each.smallestVisible === undefined) continue;
      blocks.push({
        kind: 'text',
        text: `The smallest difference in ${each.metric} that this many rows would have shown (power 80 %) is ${number(each.smallestVisible)}.`,
      });
    }
  }
  return { ...section, blocks };
}

const COMPARED: Readonly<Record<MetricComparison['verdict'], Tone>> = {
  better: 'good',
  'not-worse': 'good',
  'not-better': 'unsure',
  worse: 'bad',
  incomparable: 'unsure',
};

function comparisonRow(each: MetricComparison, role: string, mark: Cell['mark']): readonly Cell[] {
  const test = [each.test, each.p === undefined ? undefined : pValue(each.p), discordantText(each)]
    .filter((part) => part !== undefined)
    .join(', ');
  return [
    cell(each.metric),
    cell(role === 'guard' && each.margin > 0 ? `guard (may lose ${each.margin})` : role),
    cell(number(each.candidate)),
    cell(number(each.champion)),
    cell(each.notComputable ?? difference(each.difference, each.interval), { mark: each.notComputable === undefined ? mark : undefined }),
    cell(test || '–'),
    cell(each.verdict.replace('-', ' '), { tone: COMPARED[each.verdict] }),
  ];
}

function discordantText({ discordant }: MetricComparison): string | undefined {
  return discordant && `only the candidate right ${count(discordant.candidateOnly)}, only the champion ${count(discordant.championOnly)}`;
}

const valueText = (metric: Metric): string =>
  metric.value === undefined ? (metric.notComputable ?? '–') : estimate(metric.value, metric.interval);

function metrics(run: Run): Section {
  const found = candidateMetrics(run);
  const marks = marksFor(found.map(({ value, interval }) => ({ value, low: interval?.low, high: interval?.high })));
  const rows = found.map((metric, index) => [
    cell(metric.name),
    cell(metric.split ?? '–'),
    cell(valueText(metric), { mark: marks[index] }),
    cell(count(metric.n)),
    cell(metric.interval ? `${percent(metric.interval.level)}, ${metric.interval.method}` : '–'),
  ]);
  const table: Block = {
    kind: 'table',
    caption: 'Figures of the candidate',
    columns: texts('Measure', 'Part', '#Value', '#n', 'Interval'),
    rows,
  };
  return { id: 'metrics', title: 'What the candidate is worth', weight: 'essential', blocks: rows.length === 0 ? [] : [table] };
}

function algorithms(run: Run): Section {
  const scores = algorithmScores(run);
  const names = [...new Set(scores.flatMap((score) => score.metrics.map(({ name }) => name)))];
  const section = { id: 'algorithms', title: 'Algorithms', weight: 'useful' as const };
  const blocks: Block[] = [];
  if (scores.length > 0) {
    const marks = new Map(
      names.map((name) => {
        const column = scores.map((score) => score.metrics.find((metric) => metric.name === name));
        return [
          name,
          marksFor(column.map((metric) => ({ value: metric?.value, low: metric?.interval?.low, high: metric?.interval?.high }))),
        ];
      }),
    );
    const rows = scores.map((score, index) => [
      cell(score.algorithm),
      ...names.map((name) => {
        const metric = score.metrics.find((each) => each.name === name);
        return metric ? cell(valueText(metric), { mark: marks.get(name)?.[index] }) : cell('–');
      }),
      cell(score.winner ? '✓ winner' : '', { tone: score.winner ? 'good' : undefined }),
    ]);
    const splits = [...new Set(scores.flatMap((score) => score.metrics.flatMap(({ split }) => split ?? [])))];
    const caption = `Scores inside the training part${splits.length === 0 ? '' : ` (${splits.join(', ')})`}; the test part was not looked at to choose`;
    const honest = recordOf(run, 'train')?.inputs.select === 'test' ? 'Scores of the algorithms' : caption;
    blocks.push({ kind: 'table', caption: honest, columns: texts('Algorithm', ...names.map((name) => `#${name}`), 'Choice'), rows });
  }
  const train = recordOf(run, 'train');
  if (train) blocks.push(...tableBlocks(train));
  return { ...section, blocks };
}

function slices(run: Run): Section {
  const record = recordOf(run, 'bias-check');
  const section = { id: 'slices', title: 'Slices', weight: 'useful' as const };
  if (!record) return { ...section, blocks: [] };
  const found = record.metrics.filter(({ slice }) => slice !== undefined);
  const blocks: Block[] = record.found === '' ? [] : [{ kind: 'text', text: record.found }];
  for (const name of new Set(found.map((metric) => metric.name))) {
    const rows = found.filter((metric) => metric.name === name);
    const marks = marksFor(rows.map(({ value, interval }) => ({ value, low: interval?.low, high: interval?.high })));
    blocks.push({
      kind: 'table',
      caption: `${name} by slice`,
      columns: texts('Slice', `#${name}`, '#n'),
      rows: rows.map((metric, index) => [cell(metric.slice ?? ''), cell(valueText(metric), { mark: marks[index] }), cell(count(metric.n))]),
    });
  }
  return { ...section, blocks: [...blocks, ...tableBlocks(record), ...curveBlocks(record)] };
}

function drift(run: Run): Section {
  const record = recordOf(run, 'drift');
  const section = { id: 'drift', title: 'Drift', weight: 'useful' as const };
  if (!record) return { ...section, blocks: [] };
  const limit = typeof record.inputs.limit === 'number' ? record.inputs.limit : undefined;
  const columns = record.metrics.filter(({ column, value }) => column !== undefined && value !== undefined);
  const sorted = columns.toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const blocks: Block[] = [{ kind: 'text', tone: record.outputs.drifted === true ? 'unsure' : undefined, text: leadOf(record) }];
  for (const name of new Set(sorted.map((metric) => metric.name))) {
    const bars = sorted
      .filter((metric) => metric.name === name)
      .map((metric) => ({
        name: metric.column ?? '',
        value: metric.value ?? 0,
        tone: limit !== undefined && (metric.value ?? 0) >= limit ? ('unsure' as const) : undefined,
      }));
    blocks.push({ kind: 'chart', chart: { kind: 'bars', title: `${name} by column`, unit: name, bars: bars.slice(0, BARS_MAX), limit } });
  }
  if (sorted.length > 0 && record.tables.length === 0) {
    blocks.push({
      kind: 'table',
      caption: 'Distance by column',
      columns: texts('Column', 'Measure', '#Distance', '#n'),
      rows: sorted.map((metric) => [cell(metric.column ?? ''), cell(metric.name), cell(valueText(metric)), cell(count(metric.n))]),
    });
  }
  return { ...section, blocks: [...blocks, ...tableBlocks(record), ...curveBlocks(record)] };
}

const BARS_MAX = 30;

/** What a record says of itself, and its verdict's reason when that is not the same. */
function leadOf(record: StageRecord): string {
  const reason = record.verdict && record.verdict.kind !== 'passed' ? record.verdict.reason.text : '';
  const parts = [record.found, reason].filter((part, index, all) => part !== '' && all.indexOf(part) === index);
  return parts.join(' ') || 'Done.';
}

function quality(run: Run): Section {
  const blocks = ['validate-data', 'prepare-data'].flatMap((stage): Block[] => {
    const record = recordOf(run, stage);
    if (!record) return [];
    const shown = [...tableBlocks(record), ...curveBlocks(record)];
    const said = record.found !== '' || record.verdict?.kind !== 'passed';
    return said ? [{ kind: 'text', text: `${stage}: ${leadOf(record)}` }, ...shown] : shown;
  });
  return { id: 'data', title: 'Data', weight: 'useful', blocks };
}

/** Curves, and tables of evaluation, that no other section has told. */
function curves(run: Run): Section {
  const told = ['bias-check', 'drift', 'validate-data', 'prepare-data', 'train'];
  const blocks = run.records.flatMap((record) => [
    ...(['bias-check', 'drift', 'validate-data', 'prepare-data'].includes(record.stage) ? [] : curveBlocks(record)),
    ...(told.includes(record.stage) ? [] : tableBlocks(record)),
  ]);
  return { id: 'curves', title: 'Behind the figures', weight: 'detail', blocks };
}

function trend(points: readonly TrendPoint[]): Section {
  const blocks = [...new Set(points.map(({ metric }) => metric))].flatMap((metric): Block[] => {
    const own = points.filter((point) => point.metric === metric).toSorted((a, b) => a.version - b.version);
    if (own.length < 2) return [];
    const series = [{ name: metric, x: own.map(({ version }) => version), y: own.map(({ value }) => value) }];
    return [
      { kind: 'chart', chart: { kind: 'lines', title: `${metric} over the versions`, x: 'Version', y: metric, series } },
      { kind: 'text', text: 'Each version was judged on the data of its day: a step here may be the data’s as well as the model’s.' },
    ];
  });
  return { id: 'trend', title: 'Versions so far', weight: 'detail', blocks };
}

function outcomeCell(record: StageRecord): Cell {
  if (record.outcome !== 'completed') return cell(record.outcome, { tone: record.outcome === 'errored' ? 'bad' : 'unsure' });
  const kind = record.verdict?.kind ?? 'passed';
  return cell(kind, { tone: kind === 'passed' ? 'good' : kind === 'failed' ? 'bad' : 'unsure' });
}

function stages(run: Run): Section {
  if (run.records.length === 0) return { id: 'stages', title: 'Stages', weight: 'detail', blocks: [] };
  const origin = Date.parse(run.started);
  const spans = run.records.map((record) => ({
    name: record.stage,
    from: Math.max(0, (Date.parse(record.started) - origin) / 1_000),
    seconds: record.seconds,
    tone: outcomeCell(record).tone,
  }));
  const rows = run.records.map((record) => [
    cell(record.stage),
    outcomeCell(record),
    cell(duration(record.seconds)),
    cell(record.attempt === 1 ? '1' : `${record.attempt}`),
    cell(
      record.found ||
        (record.verdict && record.verdict.kind !== 'passed' ? record.verdict.reason.text : '') ||
        record.error?.message ||
        '–',
    ),
  ]);
  return {
    id: 'stages',
    title: 'Stages and times',
    weight: 'useful',
    blocks: [
      { kind: 'table', caption: 'Stages', columns: texts('Stage', 'Verdict', '#Time', '#Attempt', 'What was found'), rows },
      { kind: 'chart', chart: { kind: 'gantt', title: 'When each stage ran', spans } },
    ],
  };
}

function digests(run: Run): Section {
  const rows = run.records.flatMap((record) =>
    [
      ...Object.entries(record.inputs).map(([name, value]) => ({ name, value, way: 'in' })),
      ...Object.entries(record.outputs).map(([name, value]) => ({ name, value, way: 'out' })),
    ].flatMap(({ name, value, way }) =>
      isFileRef(value)
        ? [
            [
              cell(record.stage),
              cell(way),
              cell(name),
              cell(value.stored?.uri ?? value.uri, { code: true }),
              cell(value.sha256, { code: true }),
              cell(bytes(value.bytes)),
            ],
          ]
        : [],
    ),
  );
  const table: Block = {
    kind: 'table',
    caption: 'Files with their digests',
    columns: texts('Stage', 'Way', 'Name', 'File', 'SHA-256', '#Size'),
    rows,
  };
  return { id: 'files', title: 'Inputs and outputs', weight: 'detail', blocks: rows.length === 0 ? [] : [table] };
}

function loading(run: Run): Section {
  const section = { id: 'loading', title: 'How to use this version', weight: 'detail' as const };
  if (run.version === undefined) return { ...section, blocks: [] };
  const model = run.model.replace(/\s+/g, ' ');
  const shell = [
    ...(run.promoted ? [`retrain predict ${model} --data new.csv    # scores rows with the champion`] : []),
    `retrain registry show ${model} ${run.version}    # files, digests, figures`,
    ...(run.promoted ? [] : [`retrain registry promote ${model} ${run.version}    # by hand, against the verdict above`]),
  ].join('\n');
  return {
    ...section,
    blocks: [
      { kind: 'code', language: 'sh', text: shell },
      { kind: 'text', text: 'How to load it in a program of your own: docs/registry.md, with the digests above to check what you load.' },
    ],
  };
}

function circumstances(run: Run): Section {
  const machine =
    run.machine &&
    `${run.machine.platform} ${run.machine.arch}, ${plural(run.machine.cpus, 'CPU')}, ${run.machine.memoryGb.toFixed(1)} GB memory, Node ${run.machine.node}`;
  const rows = [
    ['Retrain', run.retrain],
    ['Pipeline file', run.pipeline],
    ['Key', run.key],
    ['Seed', run.seed],
    ['Machine', machine],
    ['Ended', run.ended === undefined ? undefined : instant(run.ended)],
  ].flatMap(([name, value]) => (value === undefined ? [] : [[cell(name ?? ''), cell(value, { code: name === 'Key' || name === 'Seed' })]]));
  const blocks: Block[] = [{ kind: 'table', caption: 'What this run was', columns: texts('What', 'Value'), rows }];
  if (run.links.length > 0) blocks.push({ kind: 'links', links: run.links });
  return { id: 'run', title: 'Circumstances', weight: 'detail', blocks };
}
