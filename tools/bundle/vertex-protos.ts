/** Services of Vertex AI that `src` speaks to; a test holds the list against the clients it imports. */
export const VERTEX_SERVICES = ['JobService', 'MetadataService', 'ModelService', 'TensorboardService'] as const;

interface Namespace {
  readonly nested: Readonly<Record<string, object>>;
}

const TYPE_KEYS = new Set([
  'type',
  'requestType',
  'responseType',
  '(google.longrunning.operation_info).response_type',
  '(google.longrunning.operation_info).metadata_type',
]);

/**
 * The protocol files of `@google-cloud/aiplatform` (in the JSON of protobuf.js) with those services of v1 and the messages they reach,
 * and everything outside of aiplatform as it is. A client parses all of it at its start; v1beta1 alone is more than half.
 */
export function withServices(protos: object, services: readonly string[] = VERTEX_SERVICES): object {
  const aiplatform = path(protos, ['google', 'cloud', 'aiplatform']);
  if (aiplatform === undefined) return protos;
  const v1 = path(protos, ['google', 'cloud', 'aiplatform', 'v1']) as Namespace;
  const kept = new Set<string>();
  const open = [...services];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const found = v1.nested[name];
    if (found === undefined || kept.has(name)) continue;
    kept.add(name);
    open.push(...typesIn(found));
  }
  const nested = Object.fromEntries(Object.entries(v1.nested).filter(([name]) => kept.has(name)));
  return replaced(protos, ['google', 'cloud', 'aiplatform'], { ...aiplatform, nested: { v1: { ...v1, nested } } });
}

/** First part of every type that is named below, whether or not it is one of ours: `State` of `Model.State` is kept with `Model`. */
function typesIn(node: object): string[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (typeof value === 'string')
      return TYPE_KEYS.has(key) ? [value.replace(/^\.?(?:google\.cloud\.aiplatform\.v1\.)?/, '').split('.')[0]!] : [];
    return typeof value === 'object' && value !== null ? typesIn(value as object) : [];
  });
}

const path = (node: object, [first, ...rest]: readonly string[]): object | undefined => {
  const next = first === undefined ? node : (node as Partial<Namespace>).nested?.[first];
  return next === undefined || rest.length === 0 ? next : path(next, rest);
};

function replaced(node: object, [first, ...rest]: readonly string[], by: object): object {
  if (first === undefined) return by;
  const { nested } = node as Namespace;
  return { ...node, nested: { ...nested, [first]: replaced(nested[first] as object, rest, by) } };
}
