import { type Block, type Cell, cell, columnsOf, type ReportDocument, type Section } from './document.ts';
import { headlineFacts, headlineOf } from './headline.ts';
import { bytes, duration, instant, plural } from './numbers.ts';
import { isFileRef, type Run, type StageRecord } from './run.ts';
import { algorithms } from './sections/algorithms.ts';
import { attention } from './sections/attention.ts';
import { comparison } from './sections/champion.ts';
import { drift, quality } from './sections/data.ts';
import { curves, metrics, slices, trend } from './sections/figures.ts';
import { gates } from './sections/gates.ts';
import { syntax } from './sections/syntax.ts';

/** The whole report, in the order a reader wants it. A section whose record is absent is not there. */
export function reportDocument(run: Run): ReportDocument {
  const sections = [
    attention(run),
    gates(run),
    comparison(run),
    metrics(run),
    algorithms(run),
    slices(run),
    syntax(run),
    drift(run),
    quality(run),
    curves(run),
    trend(run),
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
      { kind: 'table', caption: 'Stages', columns: columnsOf('Stage', 'Verdict', '#Time', '#Attempt', 'What was found'), rows },
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
    columns: columnsOf('Stage', 'Way', 'Name', 'File', 'SHA-256', '#Size'),
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
  const blocks: Block[] = [{ kind: 'table', caption: 'What this run was', columns: columnsOf('What', 'Value'), rows }];
  if (run.links.length > 0) blocks.push({ kind: 'links', links: run.links });
  return { id: 'run', title: 'Circumstances', weight: 'detail', blocks };
}
