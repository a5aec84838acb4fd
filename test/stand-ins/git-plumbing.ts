import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What git said when it refused. */
export class GitRefused extends Error {}

export interface Entry {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly path: string;
  readonly size?: number;
}

/** A real bare repository, by git's own plumbing: objects are made by git, and refs move by `update-ref` with the expected old value. */
export class BareRepository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  git(args: readonly string[], input?: string | Uint8Array, env: Readonly<Record<string, string>> = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        'git',
        ['-C', this.folder, ...args],
        {
          encoding: 'buffer',
          maxBuffer: 256 << 20,
          env: {
            PATH: process.env.PATH,
            GIT_CONFIG_NOSYSTEM: '1',
            HOME: this.folder,
            GIT_AUTHOR_NAME: 'github-actions[bot]',
            GIT_AUTHOR_EMAIL: 'bot@example.com',
            GIT_COMMITTER_NAME: 'GitHub',
            GIT_COMMITTER_EMAIL: 'noreply@example.com',
            ...env,
          },
        },
        (error, stdout, stderr) => (error ? reject(new GitRefused(stderr.toString() || error.message)) : resolve(stdout)),
      );
      child.stdin?.on('error', () => {});
      child.stdin?.end(input ?? '');
    });
  }

  async text(args: readonly string[], input?: string | Uint8Array, env?: Readonly<Record<string, string>>): Promise<string> {
    return (await this.git(args, input, env)).toString('utf8').trimEnd();
  }

  async init(): Promise<this> {
    await this.git(['init', '--bare', '--quiet', '--initial-branch=main', '.']);
    return this;
  }

  /** What a full ref name points to; undefined when there is no such ref. Refs of this repository are never packed: each is a file. */
  async ref(name: string): Promise<string | undefined> {
    const found = await readFile(join(this.folder, name), 'utf8').catch(() => undefined);
    return found?.trim();
  }

  addBlob(bytes: Uint8Array | string): Promise<string> {
    return this.text(['hash-object', '-w', '--stdin'], bytes);
  }

  /** A blob's bytes; what an id names never changes. */
  blob(sha: string): Promise<Buffer> {
    return this.#once(sha, () => this.git(['cat-file', 'blob', sha]));
  }

  entries(tree: string, recursive: boolean): Promise<readonly Entry[]> {
    return this.#once(`${tree} ${recursive}`, () => this.#entries(tree, recursive));
  }

  readonly #known = new Map<string, Promise<unknown>>();

  #once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key) ?? read();
    this.#known.set(key, known);
    return known as Promise<T>;
  }

  async #entries(treeish: string, recursive: boolean): Promise<readonly Entry[]> {
    const out = await this.git(['ls-tree', '-z', '-l', ...(recursive ? ['-r', '-t'] : []), treeish]);
    return out
      .toString('utf8')
      .split('\0')
      .filter(Boolean)
      .map((line) => {
        const [meta = '', path = ''] = line.split('\t');
        const [mode = '', type = '', sha = '', size] = meta.split(/ +/);
        return { mode, type, sha, path, ...(size !== undefined && size !== '-' && { size: Number(size) }) };
      });
  }

  /** A tree like `base` with some files set (by blob) and some gone. */
  async treeOf(
    base: string | undefined,
    set: readonly { readonly path: string; readonly sha: string }[],
    gone: readonly string[],
  ): Promise<string> {
    const index = join(this.folder, `index-${randomBytes(6).toString('hex')}`);
    const env = { GIT_INDEX_FILE: index };
    try {
      if (base !== undefined) await this.git(['read-tree', base], undefined, env);
      const lines = [...gone.map((path) => `0 ${'0'.repeat(40)}\t${path}\0`), ...set.map(({ path, sha }) => `100644 ${sha} 0\t${path}\0`)];
      await this.git(['update-index', '-z', '--index-info'], lines.join(''), env);
      return await this.text(['write-tree'], undefined, env);
    } finally {
      await rm(index, { force: true });
    }
  }

  commitTree(tree: string, parents: readonly string[], message: string): Promise<string> {
    return this.text(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])], message);
  }

  /** Moves or makes a ref only from `expected`; forty zeros: only when it does not exist. */
  async moveRef(name: string, to: string, expected: string): Promise<void> {
    await this.git(['update-ref', name, to, expected]);
  }
}

export const NOTHING = '0'.repeat(40);
