import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromJSON } from '@grpc/proto-loader';
import { groupLicenses } from '../../tools/bundle/licenses.ts';
import { shorten } from '../../tools/bundle/shorten.ts';
import { VERTEX_SERVICES, withServices } from '../../tools/bundle/vertex-protos.ts';
import { root } from '../../tools/process.ts';

const protos = () => createRequire(import.meta.url)('@google-cloud/aiplatform/build/protos/protos.json') as object;
const V1 = 'google.cloud.aiplatform.v1.';

test('a shortened program means the same; names of classes, texts, patterns and templates stay, comments go', async () => {
  const program = [
    '/*! a license */',
    "const a = '// no comment'; // one",
    'const b = /\\/\\*[/*]/g;',
    `const c = \`x /* stays */ \${a /* goes */} // stays\`;`,
    'class Azimuth { static called() { return this.name; } }',
    'const d = () => { const longName = 1; return /* goes',
    '*/ longName };',
  ].join('\n');
  const short = await shorten(program);
  assert.doesNotMatch(short, /a license|one|goes|longName/);
  const value = (text: string): unknown => new Function(`${text}; return [a, String(b), c, Azimuth.called(), d()];`)();
  assert.deepEqual(value(short), value(program));
  assert.equal(await shorten(program), short);
});

test('a shortened chunk is ASCII, and its modules are compiled as they are read: each stands in parentheses', async () => {
  const chunk =
    'exports.id = 1;\nexports.modules = {\n1: ((module) => { module.exports = "naïve → 😀"; }),\n2: (function () { return () => 2; })\n};';
  const short = await shorten(chunk);
  assert.match(short, /^[\x00-\x7f]*$/);
  assert.match(short, /1:\(\w+=>\{.*\}\),2:\(function\(\)\{return\(\)=>2\}\)\}/);
  const exports: { modules?: Record<string, (module: { exports?: unknown }) => unknown> } = {};
  new Function('exports', short)(exports);
  const module = { exports: undefined };
  exports.modules![1]!(module);
  assert.equal(module.exports, 'naïve → 😀');
});

test('of the protocol files of Vertex AI the services that are spoken to are left, with every message they reach', async () => {
  const found = fromJSON(withServices(protos()) as never);
  const whole = fromJSON(protos() as never);
  for (const service of VERTEX_SERVICES) assert.deepEqual(Object.keys(found[V1 + service]!), Object.keys(whole[V1 + service]!));
  for (const message of [
    'CustomJobSpec',
    'Model',
    'MetadataStore',
    'UploadModelResponse',
    'UploadModelOperationMetadata',
    'EncryptionSpec',
  ])
    assert.deepEqual(found[V1 + message]?.type, whole[V1 + message]!.type, message);
  assert.ok('google.protobuf.Struct' in found);
  assert.ok(!(`${V1}PredictionService` in found) && !Object.keys(found).some((name) => name.includes('v1beta1')));
});

test('a chunk that holds the protocol files keeps only those', async () => {
  const literal = `'${JSON.stringify(protos()).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const short = await shorten(`exports.protos = JSON.parse(${literal});`);
  const exports: { protos?: object } = {};
  new Function('exports', short)(exports);
  assert.deepEqual(exports.protos, withServices(protos()));
  assert.ok(short.length < literal.length / 3, `${short.length} of ${literal.length}`);
});

test('the services that are kept are those src has clients of', () => {
  const imported = readFileSync(join(root, 'src', 'providers', 'google', 'vertex-services.ts'), 'utf8').matchAll(
    /v1\/(\w+)_service_client\.js/g,
  );
  const services = new Set(Array.from(imported, ([, name]) => `${name![0]!.toUpperCase()}${name!.slice(1)}Service`));
  assert.deepEqual([...services].sort(), [...VERTEX_SERVICES]);
});

test('equal licenses stand once, below the names of all packages; none is lost', () => {
  const grouped = groupLicenses('one\nMIT\nCopyright A\n\n@two/b\nMIT\nCopyright A\n\nthree\n(MIT OR Apache-2.0)\nText\nIntel\nof B\n');
  assert.equal(grouped, `one\n@two/b\n\nMIT\nCopyright A\n\n${'-'.repeat(80)}\n\nthree\n\n(MIT OR Apache-2.0)\nText\nIntel\nof B\n`);
});
