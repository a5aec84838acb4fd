import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { EngineAssets } from './engine.ts';

/** Package, entry to resolve and the file's path from the entry's folder. */
const FILES = {
  'sqlparser_rs_wasm_bg.wasm': ['@guanmingchiu/sqlparser-ts', '../wasm'],
  'libpg-query.wasm': ['libpg-query', '.'],
} as const;
export type AssetName = keyof typeof FILES;
export const ASSET_NAMES = Object.keys(FILES) as readonly AssetName[];

/** Absolute path of a parser's WebAssembly file. */
export function assetPath(from: EngineAssets, name: AssetName): string {
  if (from.assets !== undefined) return join(from.assets, name);
  const [packageName, folder] = FILES[name];
  return join(dirname(createRequire(join(from.root, 'package.json')).resolve(packageName)), folder, name);
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Compiles once per thread; instances are cheap. */
export function compileAsset(from: EngineAssets, name: AssetName): Promise<WebAssembly.Module> {
  const path = assetPath(from, name);
  let module = compiled.get(path);
  if (!module) {
    module = readFile(path).then(
      (bytes) => WebAssembly.compile(bytes),
      (error: unknown) => {
        throw new UserError('missing-asset', `The SQL parser's file ${name} was expected at ${path} and could not be read.`, {
          todo: 'Install the packages again, or give the folder that holds it.',
          cause: error,
        });
      },
    );
    compiled.set(path, module);
  }
  return module;
}
