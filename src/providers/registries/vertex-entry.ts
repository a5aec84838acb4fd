import { sha256 } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Version } from './registry.ts';

/** Limits of Vertex AI: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.models */
const MODEL_ID_MAX = 63;
const LABEL_MAX = 63;
const LABELS_MAX = 64;
const DESCRIPTION_MAX = 1_000;

/**
 * The id Vertex AI knows a model by: `[a-z0-9_-]`, at most 63, beginning with a letter. A name that had to be changed carries a digest of itself,
 * so that no two names share an id.
 */
export function vertexModelId(name: string): string {
  if (/^[a-z][a-z0-9_-]{0,62}$/.test(name)) return name;
  const plain = name.toLowerCase().replace(/[^a-z0-9_-]/g, '-');
  const digest = sha256(name).slice(0, 8);
  return `${`${/^[a-z]/.test(plain) ? '' : 'm-'}${plain}`.slice(0, MODEL_ID_MAX - 9)}-${digest}`;
}

/** Vertex AI takes fewer names for an alias than other registries: no underscores, at least two characters, a small letter first. */
export function checkVertexAlias(alias: string): void {
  if (/^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/.test(alias) && alias !== 'default') return;
  throw new UserError(
    'bad-alias',
    `${JSON.stringify(alias)} is no alias Vertex AI takes from us: expected a small letter, then letters, digits and "-", the last a small letter or digit, and not "default", which follows the champion.`,
  );
}

/**
 * What the console can show and filter by: version, digest, run, task, algorithm, verdicts, then figures (`metric_exact_match: 0_8421`), at most 64.
 * Everything else is in metadata.json.
 */
export function vertexLabels({ version, digest, metadata }: Version): Record<string, string> {
  const facts: (readonly [string, unknown])[] = [
    ['retrain_version', version],
    ['retrain_digest', digest],
    ...['run', 'task', 'algorithm', 'owner', 'key', 'data'].map((name) => [name, metadata[name]] as const),
    ...Object.entries(objectOf(metadata.verdicts)).map(([stage, verdict]) => [`verdict_${stage}`, objectOf(verdict).kind] as const),
    ...Object.entries(figuresOf(metadata)).map(([name, value]) => [`metric_${name}`, shortNumber(value)] as const),
  ];
  const labels: Record<string, string> = {};
  for (const [name, value] of facts) {
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '' || Object.keys(labels).length === LABELS_MAX) continue;
    labels[labelText(name)] = labelText(String(value));
  }
  return labels;
}

/** One line for the list of versions. */
export function vertexDescription({ version, digest, metadata }: Version): string {
  const figures = Object.entries(figuresOf(metadata)).map(([name, value]) => `${name} ${shortNumber(value)}`);
  const run = typeof metadata.run === 'string' ? [`run ${metadata.run}`] : [];
  return [`Retrain version ${version}`, ...run, ...figures, `digest ${digest}`].join(' · ').slice(0, DESCRIPTION_MAX);
}

/** Figures of the test part by name. */
function figuresOf(metadata: Version['metadata']): Record<string, number> {
  const found = Object.entries(objectOf(objectOf(metadata.performance).test));
  return Object.fromEntries(found.filter((each): each is [string, number] => typeof each[1] === 'number' && Number.isFinite(each[1])));
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const shortNumber = (value: number): string => String(Number(value.toPrecision(4)));

const labelText = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '_')
    .slice(0, LABEL_MAX);
