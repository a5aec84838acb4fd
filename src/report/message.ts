import { BadInput } from '../tables/bad-input.ts';
import { nearest } from '../tables/nearest.ts';
import { headlineFacts, headlineOf, primaryMetric } from './headline.ts';
import { count, duration, estimate, instant } from './numbers.ts';
import { candidateMetrics, comparisonOf, type Run, recordOf, secondsOf } from './run.ts';

/** What a notifier sends; plain text, each notifier escapes for its own target. */
export interface RunMessage {
  readonly subject: string;
  readonly text: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly links: readonly { readonly name: string; readonly url: string }[];
  readonly tone: 'good' | 'bad' | 'neutral';
}

export interface MessageTemplate {
  readonly subject?: string;
  readonly text?: string;
}

export const DEFAULT_TEMPLATE: Required<MessageTemplate> = {
  subject: '{model}: {verdict}',
  text: '{sentence}',
};

/**
 * Fills a template from the manifest. `{name}` is replaced, `{{` and `}}` are braces; a value that this run does not have, also of
 * a metric it did not compute, becomes `–`. Throws `BadInput` `unknown-placeholder` with the nearest known name.
 */
export function renderMessage(run: Run, template: MessageTemplate = {}): RunMessage {
  const values = placeholderValues(run);
  const { tone } = headlineOf(run);
  return {
    subject: fill(template.subject ?? DEFAULT_TEMPLATE.subject, values, 'subject'),
    text: fill(template.text ?? DEFAULT_TEMPLATE.text, values, 'text'),
    facts: headlineFacts(run).filter(([name]) => name !== 'Model'),
    links: run.links,
    tone: tone === 'unsure' ? 'neutral' : tone,
  };
}

/** Problems of a template, before there is a run to fill it from: unknown placeholders, lone braces, metrics that are not in `metrics`. */
export function checkTemplate(
  template: MessageTemplate,
  metrics?: readonly string[],
): readonly { readonly path: 'subject' | 'text'; readonly message: string }[] {
  return (['subject', 'text'] as const).flatMap((path) =>
    parse(template[path] ?? '').flatMap((part) =>
      part.kind === 'text' ? [] : problemOf(part, FIXED_NAMES, metrics).map((message) => ({ path, message })),
    ),
  );
}

/** Placeholders without a metric's name; `metric.<name>`, `champion.<name>` and `output.<stage>.<name>` are open. */
export const PLACEHOLDERS: Readonly<Record<string, string>> = {
  model: 'Name of the model.',
  version: 'Version that was registered.',
  verdict: 'One word: promoted, kept back, refused, skipped, failed, cancelled, passed.',
  outcome: 'Outcome of the run as in the manifest.',
  sentence: 'What happened and why.',
  reason: 'Why the run ended as it did, if it says so.',
  algorithm: 'Algorithm that won.',
  primary: 'Primary figure with its interval.',
  'champion-version': 'Version the candidate was compared with.',
  rows: 'Rows the primary figure rests on.',
  run: 'Id of the run.',
  'logical-date': 'Logical date of the run.',
  started: 'When it started.',
  duration: 'How long it took.',
  owner: 'Owner from the pipeline file.',
  link: 'Address of the first link of the run.',
  stages: 'A line for each stage with its verdict.',
};
const FIXED_NAMES = Object.keys(PLACEHOLDERS);
const OPEN_NAMES = /^(?:metric|champion)\.[^{}]+$|^output\.[a-z-]+\.[^{}]+$/;
const MISSING = '–';

function placeholderValues(run: Run): ReadonlyMap<string, string> {
  const headline = headlineOf(run);
  const primary = primaryMetric(run);
  const algorithm = recordOf(run, 'train')?.outputs.algorithm;
  const comparison = comparisonOf(run);
  const values = new Map<string, string | undefined>([
    ['model', run.model],
    ['version', run.version?.toString()],
    ['verdict', headline.word.toLowerCase()],
    ['outcome', run.outcome],
    ['sentence', headline.sentence],
    ['reason', run.reason?.text],
    ['algorithm', typeof algorithm === 'string' ? algorithm : undefined],
    ['primary', primary?.value === undefined ? undefined : `${primary.name} ${estimate(primary.value, primary.interval)}`],
    ['champion-version', comparison?.champion.toString()],
    ['rows', primary === undefined ? undefined : count(primary.n)],
    ['run', run.id],
    ['logical-date', run.logicalDate],
    ['started', instant(run.started)],
    ['duration', duration(secondsOf(run))],
    ['owner', run.owner],
    ['link', run.links[0]?.url],
    ['stages', run.records.map(({ stage, outcome, verdict }) => `${stage}: ${verdict?.kind ?? outcome}`).join('\n')],
  ]);
  for (const { name, value, interval } of candidateMetrics(run).toReversed()) {
    values.set(`metric.${name}`, value === undefined ? undefined : estimate(value, interval));
  }
  for (const each of comparison ? [...comparison.guards, ...(comparison.primary ? [comparison.primary] : [])] : []) {
    values.set(`champion.${each.metric}`, estimate(each.champion));
  }
  for (const { stage, outputs } of run.records) {
    for (const [name, value] of Object.entries(outputs))
      values.set(`output.${stage}.${name}`, typeof value === 'object' ? value.uri : String(value));
  }
  return new Map([...values].map(([name, value]) => [name, value ?? MISSING]));
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'brace'; readonly text: string };

function parse(template: string): readonly Part[] {
  return [...template.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)].map(([text, name]): Part => {
    if (text === '{{' || text === '}}') return { kind: 'text', text: text.slice(1) };
    if (name !== undefined) return { kind: 'placeholder', name: name.trim() };
    return text === '{' || text === '}' ? { kind: 'brace', text } : { kind: 'text', text };
  });
}

function fill(template: string, values: ReadonlyMap<string, string>, path: string): string {
  const filled = parse(template).map((part) => {
    if (part.kind === 'text') return part.text;
    const [problem] = problemOf(part, [...values.keys()]);
    if (problem !== undefined)
      throw new BadInput(
        'unknown-placeholder',
        `The template of the ${path}: ${problem}`,
        {},
        'Correct the template in the section `notify`.',
      );
    return part.kind === 'placeholder' ? (values.get(part.name) ?? MISSING) : part.text;
  });
  return filled.join('');
}

function problemOf(part: Exclude<Part, { kind: 'text' }>, known: readonly string[], metrics?: readonly string[]): readonly string[] {
  if (part.kind === 'brace') return [`a lone "${part.text}": write "${part.text}${part.text}" for a brace.`];
  if (known.includes(part.name)) return [];
  const [, prefix, metric] = /^(metric\.|champion\.)(.*)$/.exec(part.name) ?? [];
  if (metric !== undefined && metrics !== undefined && !metrics.includes(metric)) {
    const near = nearest(metric, metrics);
    return [`{${part.name}}: there is no metric ${metric}${near === undefined ? '.' : `; did you mean {${prefix}${near}}?`}`];
  }
  if (OPEN_NAMES.test(part.name)) return [];
  const near = nearest(part.name, known);
  const names = [...FIXED_NAMES, 'metric.<name>', 'champion.<name>', 'output.<stage>.<name>'].join(', ');
  return [`{${part.name}} is no placeholder${near === undefined ? `: known are ${names}.` : `; did you mean {${near}}?`}`];
}
