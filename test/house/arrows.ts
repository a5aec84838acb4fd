import type { Import, SourceFile } from './imports.ts';

/** What a file may import from another room: any of its files, or only those that match; `types`: no code of it. */
interface Arrow {
  readonly to: string;
  readonly files?: RegExp;
  readonly types?: true;
}

/** The interface file of each kind of provider: `registries/registry.ts`; and what two of them have in common. */
const INTERFACES =
  /^providers\/(?:stores\/store|sources\/source|trackers\/tracker|registries\/registry|backends\/(?:backend|machines)|notifiers\/notifier|artifacts\/artifacts|caches\/job-cache|forge\/forge|engines\/engine|models\/models|experiment-run)\.ts$/;
/** Bad data is told with one error everywhere in the pure rooms. */
const BAD_INPUT: Arrow = { to: 'tables', files: /^tables\/bad-input\.ts$/ };

/**
 * docs/design.md, "The rooms". A room may always import itself (stages: only their own folder; providers: their own kind).
 * Amended: what stages may take of the pipeline room; records as data for reports; sources read tables; engines judge by the rules of sql;
 * what several providers of one service share lies in providers/google and providers/mlflow.
 */
const ARROWS: Readonly<Record<string, readonly Arrow[]>> = {
  kernel: [],
  statistics: [BAD_INPUT],
  tables: [{ to: 'statistics' }],
  metrics: [{ to: 'statistics' }, { to: 'tables' }, { to: 'sql' }],
  sql: [BAD_INPUT],
  report: [{ to: 'statistics' }, { to: 'tables' }, { to: 'metrics' }, { to: 'kernel', files: /^kernel\/(?:record|verdict)\.ts$/ }],
  pipeline: [{ to: 'kernel' }],
  stages: [
    { to: 'kernel' },
    { to: 'tables' },
    { to: 'metrics' },
    { to: 'statistics' },
    { to: 'sql' },
    { to: 'report' },
    { to: 'pipeline', files: /^pipeline\/(?:shared-keys|duration|share|words)\.ts$/ },
    { to: 'providers', files: INTERFACES },
  ],
  providers: [
    { to: 'kernel' },
    { to: 'tables', types: true },
    { to: 'providers', files: INTERFACES },
    { to: 'providers', files: /^providers\/[^/]+\.ts$/ },
    { to: 'providers', files: /^providers\/(?:google|mlflow)\/[^/]+\.ts$/ },
  ],
  'providers/sources': [{ to: 'tables' }],
  'providers/engines': [{ to: 'sql' }],
  hosts: [
    { to: 'kernel' },
    { to: 'pipeline' },
    { to: 'report' },
    { to: 'catalog.ts' },
    { to: 'providers', files: INTERFACES },
    { to: 'providers', files: /^providers\/[^/]+\.ts$/ },
  ],
  'catalog.ts': [{ to: 'kernel' }, { to: 'stages' }, { to: 'providers' }, { to: 'bundled.ts' }],
  'bundled.ts': [],
  'main.ts': [{ to: 'hosts' }],
};

/** Packages whose home is one kind of place. Everything else of package.json may be imported by whoever needs it, except by the kernel. */
const PACKAGES: readonly { readonly name: RegExp; readonly home: RegExp; readonly rule: string }[] = [
  {
    name: /^@actions\//,
    home: /^(?:hosts\/action\.ts$|providers\/.*\/github-[^/]+\.ts$)/,
    rule: '@actions/* belongs in hosts/action.ts and the providers named github-*',
  },
  {
    name: /^(?:@google-cloud\/|@aws-sdk\/|@huggingface\/|@supabase\/|google-auth-library$|nodemailer$)/,
    home: /^providers\//,
    rule: 'the SDK of a service belongs in its own provider',
  },
  {
    name: /^@google-cloud\/aiplatform(?!\/build\/)/,
    home: /^$/,
    rule: '@google-cloud/aiplatform is imported by single service clients (…/build/src/v1/…): the whole package takes seconds to load',
  },
];

const roomOf = (path: string) => path.split('/')[0]!;
const folderOf = (path: string) => path.split('/').slice(0, 2).join('/');

/** Why a file may not import what it imports; undefined when it may. */
export function arrowProblem(from: SourceFile, { specifier, file, typeOnly, dynamic }: Import): string | undefined {
  const room = roomOf(from.path);
  if (file === undefined) {
    if (room === 'kernel' && !specifier.startsWith('node:') && specifier !== 'zod') return 'the kernel imports zod and Node alone';
    return PACKAGES.find(({ name, home }) => name.test(specifier) && !home.test(from.path))?.rule;
  }
  const target = roomOf(file);
  if (file.startsWith('..')) return 'src imports nothing outside src';
  if (ARROWS[room] === undefined) return `DESIGN has no room "${room}"`;
  if (target === room) {
    const closed = room === 'stages' || room === 'providers';
    if (!closed || folderOf(from.path) === folderOf(file)) return undefined;
    if (room === 'stages' && file.split('/').length === 2) return undefined;
  }
  if (/^providers\/(?:trackers|registries)\//.test(from.path) && folderOf(file) === 'providers/backends')
    return 'registries and trackers import no backend, not even its interface: what both name lies in providers';
  if (room === 'catalog.ts' && (target === 'stages' || target === 'providers') && !typeOnly && !dynamic) {
    return 'the catalogue names stages and providers behind import(), so that a run loads only those it uses';
  }
  const arrows = [...ARROWS[room], ...(ARROWS[folderOf(from.path)] ?? [])];
  const allowed = arrows.some(
    (arrow) => arrow.to === target && (arrow.files?.test(file) ?? true) && (arrow.types === undefined || typeOnly),
  );
  return allowed ? undefined : `no arrow from ${room} to ${file}`;
}
