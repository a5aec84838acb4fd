import type { TestContext } from 'node:test';
import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';
import { status } from '@grpc/grpc-js';
import { fromStruct } from '../../../src/providers/google/struct.ts';
import { operations } from './operations.ts';
import { Refusal, type Services, type VertexStandIn, vertexStandIn } from './server.ts';

type Context = protos.google.cloud.aiplatform.v1.IContext;
type Artifact = protos.google.cloud.aiplatform.v1.IArtifact;
type Execution = protos.google.cloud.aiplatform.v1.IExecution;
type Event = protos.google.cloud.aiplatform.v1.IEvent;
type Node = Context | Artifact | Execution;

/** The service names projects by number, whatever the caller says. */
export const PROJECT_NUMBER = '424242';
const ID = /^[a-z0-9][a-z0-9-]{3,127}$/;
const CONTEXT_BYTES_MAX = 200_000;
const PAGE_MAX = 1_000;
const PAGE_DEFAULT = 100;
const SCHEMAS = {
  contexts: ['system.Experiment', 'system.ExperimentRun', 'system.Pipeline', 'system.PipelineRun'],
  artifacts: [
    'system.Artifact',
    'system.Dataset',
    'system.Model',
    'google.VertexModel',
    'google.ClassificationMetrics',
    'google.RegressionMetrics',
    'google.ForecastingMetrics',
    'google.VertexTensorboardRun',
  ],
  executions: ['system.ContainerExecution', 'system.CustomJobExecution', 'system.Run'],
} as const;

export interface MetadataStandIn extends VertexStandIn {
  /** What the store holds, by id. */
  context(id: string): (Omit<Context, 'metadata'> & { readonly metadata: Readonly<Record<string, unknown>> }) | undefined;
  artifactsOf(id: string): readonly Artifact[];
  executionsOf(id: string): readonly Execution[];
  events(): readonly Event[];
  /** Largest page of a list from now on. */
  pageMax(size: number): void;
}

/**
 * Vertex ML Metadata: a store that must be made first (404 before, an operation that ends later), contexts with etags (a stale one is ABORTED) and
 * parents, artifacts, executions, events, and the filters Retrain and Google's SDK ask with; project numbers in every name given back.
 * Not imitated: update masks, purging, schemas' own fields, labels, orders, lists that lag behind; TensorBoard is a stand-in of its own.
 */
export async function metadataStandIn(context: Pick<TestContext, 'after'>, more: Services = {}): Promise<MetadataStandIn> {
  const { services, ...seen } = metadataServices();
  return { ...(await vertexStandIn(context, { ...services, ...more })), ...seen };
}

export function metadataServices(lro = operations()): { readonly services: Services } & Omit<MetadataStandIn, keyof VertexStandIn> {
  const stores = new Set<string>();
  const coming = new Set<string>();
  const contexts = new Map<string, Context>();
  const artifacts = new Map<string, Artifact>();
  const executions = new Map<string, Execution>();
  const members = new Map<string, Set<string>>();
  const events: Event[] = [];
  let etags = 0;
  let largest = PAGE_MAX;

  const canonical = (name: string): string => name.replace(/^projects\/[^/]+\//, `projects/${PROJECT_NUMBER}/`);
  const storeOf = (parent: string): string => {
    const name = canonical(parent);
    if (!stores.has(name)) throw new Refusal(status.NOT_FOUND, `MetadataStore ${parent} not found.`);
    return name;
  };
  const get = <T extends Node>(map: ReadonlyMap<string, T>, name: string): T => {
    const found = map.get(canonical(name));
    if (!found) throw new Refusal(status.NOT_FOUND, `${name} not found.`);
    return found;
  };
  function create<T extends Node>(map: Map<string, T>, kind: keyof typeof SCHEMAS, parent: string, id: string, node: T): T {
    const store = storeOf(parent);
    if (!ID.test(id)) throw refused(`Invalid id ${JSON.stringify(id)} under ${kind}.`);
    if (!(SCHEMAS[kind] as readonly string[]).includes(node.schemaTitle ?? ''))
      throw refused(`MetadataSchema ${node.schemaTitle} not found.`);
    const name = `${store}/${kind}/${id}`;
    if (map.has(name)) throw new Refusal(status.ALREADY_EXISTS, `${name} already exists.`);
    const now = { seconds: String(1_795_000_000 + ++etags), nanos: 0 };
    const made = { ...node, name, etag: String(etags), createTime: now, updateTime: now };
    checkSize(made);
    map.set(name, made);
    return made;
  }
  function replace<T extends Node>(map: Map<string, T>, node: T, mask: { paths?: readonly string[] } | null): T {
    if ((mask?.paths ?? []).length > 0) throw new Refusal(status.UNIMPLEMENTED, 'This stand-in has no masks.');
    const before = get(map, node.name ?? '');
    if (node.etag && node.etag !== before.etag) throw new Refusal(status.ABORTED, `The etag ${node.etag} is not the current one.`);
    checkSize(node);
    const after = {
      ...before,
      ...node,
      name: before.name,
      schemaTitle: before.schemaTitle,
      createTime: before.createTime,
      etag: String(++etags),
    };
    map.set(before.name as string, after);
    return after;
  }
  const membersOf = (name: string): Set<string> => {
    const found = members.get(name) ?? new Set<string>();
    members.set(name, found);
    return found;
  };
  function list<T extends Node>(
    map: ReadonlyMap<string, T>,
    request: { parent: string; filter: string; pageToken: string; pageSize: number },
  ) {
    const store = storeOf(request.parent);
    const matches = filterOf(request.filter, (context) => members.get(context) ?? new Set());
    const all = [...map.values()].filter((node) => (node.name ?? '').startsWith(`${store}/`) && matches(node));
    if (request.pageSize < 0 || request.pageSize > PAGE_MAX) throw refused('page_size must be 1 to 1000.');
    const from = Number(request.pageToken || 0);
    const to = from + Math.min(request.pageSize || PAGE_DEFAULT, largest);
    return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
  }

  const services: Services = {
    MetadataService: {
      GetMetadataStore: ({ name }: { name: string }) => {
        lro.tick();
        return { name: storeOf(name) };
      },
      CreateMetadataStore: ({ parent, metadataStoreId }: { parent: string; metadataStoreId: string }) => {
        const name = canonical(`${parent}/metadataStores/${metadataStoreId}`);
        if (stores.has(name) || coming.has(name)) throw new Refusal(status.ALREADY_EXISTS, `${name} already exists.`);
        coming.add(name);
        return lro.begin(parent, () => {
          stores.add(name);
          return { type: 'google.cloud.aiplatform.v1.MetadataStore', response: { name } };
        });
      },
      GetContext: ({ name }: { name: string }) => get(contexts, name),
      ListContexts: (request: Parameters<typeof list>[1]) => {
        const { items, nextPageToken } = list(contexts, request);
        return { contexts: items, nextPageToken };
      },
      CreateContext: ({ parent, contextId, context }: { parent: string; contextId: string; context: Context }) =>
        create(contexts, 'contexts', parent, contextId, { ...context, parentContexts: [] }),
      UpdateContext: ({ context, updateMask }: { context: Context; updateMask: { paths?: string[] } | null }) => {
        const { parentContexts } = get(contexts, context.name ?? '');
        return replace(contexts, { ...context, parentContexts }, updateMask);
      },
      AddContextChildren: ({ context, childContexts }: { context: string; childContexts: string[] }) => {
        const parent = get(contexts, context).name as string;
        for (const child of childContexts) {
          const found = get(contexts, child);
          const parents = new Set([...(found.parentContexts ?? []), parent]);
          if (parents.size > 10) throw refused('A Context has at most 10 parents.');
          contexts.set(found.name as string, { ...found, parentContexts: [...parents] });
        }
        return {};
      },
      AddContextArtifactsAndExecutions: (request: { context: string; artifacts: string[]; executions: string[] }) => {
        const within = membersOf(get(contexts, request.context).name as string);
        for (const name of request.artifacts) within.add(get(artifacts, name).name as string);
        for (const name of request.executions) within.add(get(executions, name).name as string);
        return {};
      },
      GetArtifact: ({ name }: { name: string }) => get(artifacts, name),
      ListArtifacts: (request: Parameters<typeof list>[1]) => {
        const { items, nextPageToken } = list(artifacts, request);
        return { artifacts: items, nextPageToken };
      },
      CreateArtifact: ({ parent, artifactId, artifact }: { parent: string; artifactId: string; artifact: Artifact }) =>
        create(artifacts, 'artifacts', parent, artifactId, artifact),
      UpdateArtifact: ({ artifact, updateMask }: { artifact: Artifact; updateMask: { paths?: string[] } | null }) =>
        replace(artifacts, artifact, updateMask),
      GetExecution: ({ name }: { name: string }) => get(executions, name),
      ListExecutions: (request: Parameters<typeof list>[1]) => {
        const { items, nextPageToken } = list(executions, request);
        return { executions: items, nextPageToken };
      },
      CreateExecution: ({ parent, executionId, execution }: { parent: string; executionId: string; execution: Execution }) =>
        create(executions, 'executions', parent, executionId, execution),
      UpdateExecution: ({ execution, updateMask }: { execution: Execution; updateMask: { paths?: string[] } | null }) =>
        replace(executions, execution, updateMask),
      AddExecutionEvents: ({ execution, events: added }: { execution: string; events: Event[] }) => {
        const name = get(executions, execution).name as string;
        for (const event of added) {
          const artifact = get(artifacts, event.artifact ?? '').name as string;
          if (events.some((each) => each.artifact === artifact && each.execution === name && each.type === event.type)) continue;
          events.push({ ...event, artifact, execution: name });
        }
        return {};
      },
      QueryContextLineageSubgraph: ({ context }: { context: string }) => {
        const within = members.get(get(contexts, context).name as string) ?? new Set();
        return {
          artifacts: [...artifacts.values()].filter(({ name }) => within.has(name as string)),
          executions: [...executions.values()].filter(({ name }) => within.has(name as string)),
          events: events.filter(({ execution }) => within.has(execution as string)),
        };
      },
    },
    Operations: lro.handlers,
  };

  const byId = <T extends Node>(map: ReadonlyMap<string, T>, id: string) => [...map.values()].find(({ name }) => name?.endsWith(`/${id}`));
  const within = <T extends Node>(map: ReadonlyMap<string, T>, id: string): readonly T[] => {
    const names = members.get(byId(contexts, id)?.name ?? '') ?? new Set();
    return [...map.values()].filter(({ name }) => names.has(name as string));
  };
  return {
    services,
    context(id) {
      const found = byId(contexts, id);
      return found && { ...found, metadata: fromStruct(found.metadata) };
    },
    artifactsOf: (id) => within(artifacts, id),
    executionsOf: (id) => within(executions, id),
    events: () => events,
    pageMax(size) {
      largest = size;
    },
  };
}

/** `a AND b`, each of them one comparison or `(x OR y)` of them. */
function filterOf(filter: string, membersOf: (context: string) => ReadonlySet<string>): (node: Node) => boolean {
  if (filter === '') return () => true;
  const clauses = filter.split(' AND ').map((clause) =>
    clause
      .replace(/^\((.*)\)$/, '$1')
      .split(' OR ')
      .map(comparison),
  );
  return (node) => clauses.every((either) => either.some((matches) => matches(node)));

  function comparison(text: string): (node: Node) => boolean {
    const [, key, value] =
      /^(schema_title|display_name|uri|parent_contexts|metadata\.\w+\.string_value) ?[=:] ?"([^"]*)"$/.exec(text) ?? [];
    const [, context] = /^in_context\("([^"]*)"\)$/.exec(text) ?? [];
    // Filters know projects by number only.
    if (context !== undefined) return ({ name }) => membersOf(context).has(name ?? '');
    if (key === undefined || value === undefined) throw refused(`Invalid filter: ${text}`);
    if (key === 'schema_title') return ({ schemaTitle }) => schemaTitle === value;
    if (key === 'display_name') return ({ displayName }) => displayName === value;
    if (key === 'uri') return (node) => 'uri' in node && node.uri === value;
    if (key === 'parent_contexts') return (node) => 'parentContexts' in node && (node.parentContexts ?? []).includes(value);
    return ({ metadata }) => fromStruct(metadata)[key.split('.')[1] as string] === value;
  }
}

function checkSize(node: Node): void {
  if (JSON.stringify(fromStruct(node.metadata)).length > CONTEXT_BYTES_MAX) throw refused('Metadata is larger than 200 KB.');
  if ((node.displayName ?? '').length > 128) throw refused('display_name is longer than 128 characters.');
}

const refused = (message: string) => new Refusal(status.INVALID_ARGUMENT, message);
