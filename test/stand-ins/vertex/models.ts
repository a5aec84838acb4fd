import type { TestContext } from 'node:test';
import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';
import { status } from '@grpc/grpc-js';
import { operations } from './operations.ts';
import { Refusal, type Services, type VertexStandIn, vertexStandIn } from './server.ts';

type Model = protos.google.cloud.aiplatform.v1.IModel;

export interface ModelsStandIn extends VertexStandIn {
  /** Versions of a model by id, as the service has them. */
  versionsOf(model: string): readonly Model[];
  /** An endpoint serves it: it cannot be deleted. */
  deploy(model: string, versionId: string): void;
}

interface StoredModel {
  readonly versions: Map<string, Model>;
  lastId: number;
}

const LABELS_MAX = 64;
const PAGE = 2;
const ALIAS = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/;

/**
 * Vertex AI's Model Registry, versions and aliases: no request ids, operations that finish at a later poll (a version is invisible until then),
 * exactly one `default`, decimal version ids, pages of two.
 * Not imitated: filters and order (refused when asked for), labels of the model as such, updates, export, copies, evaluations, endpoints,
 * a check that `artifactUri` holds anything (`file:` is accepted beside `gs:`).
 */
export async function modelsStandIn(context: Pick<TestContext, 'after'>): Promise<ModelsStandIn> {
  const { services, versionsOf, deploy } = modelServices();
  return { ...(await vertexStandIn(context, services)), versionsOf, deploy };
}

export function modelServices(lro = operations()): { readonly services: Services } & Pick<ModelsStandIn, 'versionsOf' | 'deploy'> {
  const models = new Map<string, StoredModel>();
  const deployed = new Set<string>();

  const modelOf = (name: string): StoredModel => {
    const found = models.get(name);
    if (!found) throw new Refusal(status.NOT_FOUND, `The Model ${name} does not exist.`);
    return found;
  };
  const versionNamed = (name: string): [StoredModel, Model] => {
    const [base = '', which = 'default'] = name.split('@');
    const model = modelOf(base);
    const found = model.versions.get(which) ?? [...model.versions.values()].find(({ versionAliases }) => versionAliases?.includes(which));
    if (!found) throw new Refusal(status.NOT_FOUND, `The Model ${name} does not exist.`);
    return [model, found];
  };
  const take = (model: StoredModel, aliases: readonly string[]): void => {
    for (const [id, version] of model.versions)
      model.versions.set(id, { ...version, versionAliases: (version.versionAliases ?? []).filter((alias) => !aliases.includes(alias)) });
  };
  const page = <T>(all: readonly T[], token: string, size: number): { readonly items: readonly T[]; readonly nextPageToken: string } => {
    const from = token === '' ? 0 : Number(token);
    const to = from + (size > 0 ? Math.min(size, PAGE) : PAGE);
    return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
  };

  const services: Services = {
    ModelService: {
      UploadModel: (request: { parent: string; parentModel: string; modelId: string; model: Model }) => {
        const { parent, parentModel, modelId, model } = request;
        checkModel(model);
        if (parentModel !== '' && modelId !== '') throw refused('Only one of parent_model and model_id may be given.');
        if (modelId !== '' && !/^[a-z_][a-z0-9_-]{0,62}$/.test(modelId)) throw refused(`Invalid model_id ${modelId}.`);
        if (parentModel !== '') modelOf(parentModel);
        const name = parentModel !== '' ? parentModel : `${parent}/models/${modelId !== '' ? modelId : String(1000 + models.size)}`;
        if (parentModel === '' && models.has(name)) throw new Refusal(status.ALREADY_EXISTS, `The Model ${name} already exists.`);
        if (parentModel === '') models.set(name, { versions: new Map(), lastId: 0 });
        return lro.begin(parent, () => {
          const stored = modelOf(name);
          const id = String(++stored.lastId);
          const first = stored.versions.size === 0;
          const versionAliases = [...new Set([...(model.versionAliases ?? []), ...(first ? ['default'] : [])])];
          take(stored, versionAliases);
          stored.versions.set(id, { ...model, name, versionId: id, versionAliases });
          return { type: 'google.cloud.aiplatform.v1.UploadModelResponse', response: { model: name, modelVersionId: id } };
        });
      },
      GetModel: ({ name }: { name: string }) => versionNamed(name)[1],
      ListModels: ({ pageToken, pageSize, filter }: { pageToken: string; pageSize: number; filter: string }) => {
        if (filter !== '') throw new Refusal(status.UNIMPLEMENTED, 'This stand-in has no filters.');
        const all = [...models].filter(([, { versions }]) => versions.size > 0).map(([name]) => versionNamed(name)[1]);
        const { items, nextPageToken } = page(all, pageToken, pageSize);
        return { models: items, nextPageToken };
      },
      ListModelVersions: (request: { name: string; pageToken: string; pageSize: number; filter: string; orderBy: string }) => {
        if (request.filter !== '' || request.orderBy !== '') throw new Refusal(status.UNIMPLEMENTED, 'This stand-in has no filters.');
        lro.tick();
        const { versions } = modelOf(request.name);
        // Newest first, as nothing promises another order.
        const { items, nextPageToken } = page([...versions.values()].reverse(), request.pageToken, request.pageSize);
        return { models: items, nextPageToken };
      },
      MergeVersionAliases: ({ name, versionAliases }: { name: string; versionAliases: readonly string[] }) => {
        if (!/@\d+$/.test(name)) throw refused('A version id must be given.');
        const [model, version] = versionNamed(name);
        const added = versionAliases.filter((alias) => !alias.startsWith('-'));
        const removed = versionAliases.filter((alias) => alias.startsWith('-')).map((alias) => alias.slice(1));
        for (const alias of [...added, ...removed]) checkAlias(alias);
        if (removed.includes('default')) throw refused('The default alias cannot be removed.');
        const real = added.filter((alias) => !removed.includes(alias));
        take(model, real);
        const before = model.versions.get(version.versionId as string) as Model;
        const kept = (before.versionAliases ?? []).filter((alias) => !removed.includes(alias) || added.includes(alias));
        const after = { ...before, versionAliases: [...kept, ...real] };
        model.versions.set(version.versionId as string, after);
        return after;
      },
      DeleteModelVersion: ({ name }: { name: string }) => {
        if (!/@\d+$/.test(name)) throw refused('A version id must be given.');
        const [model, version] = versionNamed(name);
        if (deployed.has(name)) throw precondition(`${name} is deployed to an endpoint.`);
        if (model.versions.size === 1) throw precondition('Deleting the only version in the Model is not allowed.');
        if (version.versionAliases?.includes('default')) throw precondition('The default version cannot be deleted.');
        return lro.begin(name, () => {
          model.versions.delete(version.versionId as string);
          return { type: 'google.protobuf.Empty', response: {} };
        });
      },
      DeleteModel: ({ name }: { name: string }) => {
        modelOf(name);
        if ([...deployed].some((each) => each.startsWith(`${name}@`))) throw precondition(`${name} is deployed to an endpoint.`);
        return lro.begin(name, () => {
          models.delete(name);
          return { type: 'google.protobuf.Empty', response: {} };
        });
      },
    },
    Operations: lro.handlers,
  };
  const fullName = (model: string) => [...models.keys()].find((name) => name.endsWith(`/models/${model}`)) ?? model;
  return {
    services,
    versionsOf: (model) => [...(models.get(fullName(model))?.versions.values() ?? [])],
    deploy: (model, versionId) => void deployed.add(`${fullName(model)}@${versionId}`),
  };
}

function checkModel({ displayName, labels, artifactUri, versionAliases, versionDescription }: Model): void {
  if (!displayName || displayName.length > 128) throw refused('display_name must have 1 to 128 characters.');
  if (!/^(?:gs|file):\/\/.+/.test(artifactUri ?? '')) throw refused(`artifact_uri ${artifactUri} is no folder of Cloud Storage.`);
  if ((versionDescription ?? '').length > 10_000) throw refused('version_description is too long.');
  const found = Object.entries(labels ?? {});
  if (found.length > LABELS_MAX) throw refused(`More than ${LABELS_MAX} labels.`);
  for (const [key, value] of found)
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(value)) throw refused(`Invalid label ${key}=${value}.`);
  for (const alias of versionAliases ?? []) checkAlias(alias);
}

function checkAlias(alias: string): void {
  if (!ALIAS.test(alias)) throw refused(`Invalid version alias ${alias}.`);
}

const refused = (message: string) => new Refusal(status.INVALID_ARGUMENT, message);
const precondition = (message: string) => new Refusal(status.FAILED_PRECONDITION, message);
