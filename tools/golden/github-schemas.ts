/**
 * node tools/golden/github-schemas.ts FOLDER: writes test/stand-ins/golden/github-schemas.json from the package @octokit/openapi unpacked there
 * (`npm pack @octokit/openapi@23`): what GitHub says of the replies that Retrain reads. The package is hundreds of megabytes; these are some kilobytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../process.ts';

type Schema = Readonly<Record<string, unknown>>;

const ENDPOINTS = `
GET
GET /git/ref/{ref}
POST /git/refs
POST /git/blobs
GET /git/blobs/{file_sha}
POST /git/trees
GET /git/trees/{tree_sha}
GET /commits
POST /git/commits
GET /releases
POST /releases
GET /releases/{release_id}
PATCH /releases/{release_id}
GET /releases/{release_id}/assets
POST /releases/{release_id}/assets
GET /releases/assets/{asset_id}
GET /issues/{issue_number}/comments
POST /issues/{issue_number}/comments
PATCH /issues/comments/{comment_id}
GET /pulls
POST /pulls
GET /actions/runs/{run_id}/artifacts
GET /actions/workflows/{workflow_id}/runs
GET /actions/runs/{run_id}
GET /actions/runs/{run_id}/jobs
POST /actions/jobs/{job_id}/rerun`
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string?]);

const folder = process.argv[2];
if (folder === undefined) throw new Error('Expected the folder of the package @octokit/openapi.');
const read = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as unknown;
const { version } = read('package.json') as { readonly version: string };
const api = read('generated', 'api.github.com.json') as {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Schema }> }> }>>;
  readonly components: { readonly schemas: Record<string, Schema> };
};

const schemas: Record<string, unknown> = {};
const LEFT_OUT = new Set(['description', 'example', 'examples', 'title', 'deprecated', 'default', 'xml', 'externalDocs']);

/** A schema without its prose; what an object may leave out and is more than a scalar is not looked into. */
function slim(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(slim);
  if (typeof value !== 'object' || value === null) return value;
  const schema = value as Record<string, unknown>;
  if (typeof schema.$ref === 'string') return { $ref: refTo(schema.$ref) };
  const required = new Set((schema.required as readonly string[] | undefined) ?? []);
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, member]) => !(LEFT_OUT.has(key) && typeof member !== 'object') && !key.startsWith('x-') && key !== 'examples' && key !== 'example')
      .map(([key, member]) => {
        if (key !== 'properties') return [key, slim(member)];
        const properties = Object.entries(member as Record<string, Schema>).map(([name, property]) => {
          const deep = '$ref' in property || 'properties' in property || 'anyOf' in property || 'oneOf' in property || 'allOf' in property || 'items' in property;
          return [name, required.has(name) || !deep ? slim(property) : {}];
        });
        return [key, Object.fromEntries(properties)];
      }),
  );
}

function refTo(ref: string): string {
  const name = ref.split('/').at(-1)!;
  if (!(name in schemas)) {
    schemas[name] = {};
    schemas[name] = slim(api.components.schemas[name]);
  }
  return `#/components/${name}`;
}

const endpoints = Object.fromEntries(
  ENDPOINTS.map(([method, path = '']) => {
    const { responses } = api.paths[`/repos/{owner}/{repo}${path}`]![method.toLowerCase()]!;
    const [status, reply] = Object.entries(responses).find(([code]) => code.startsWith('2'))!;
    return [`${method} ${path}`.trim(), { status: Number(status), schema: slim(reply.content!['application/json']!.schema) }];
  }),
);
const found = { source: `@octokit/openapi ${version}, api.github.com`, license: 'MIT, Copyright (c) Octokit contributors', endpoints, components: schemas };
const text = JSON.stringify(found);
writeFileSync(join(root, 'test', 'stand-ins', 'golden', 'github-schemas.json'), `${text}\n`);
console.log(`${Object.keys(endpoints).length} endpoints, ${Object.keys(schemas).length} schemas, ${text.length} bytes.`);
