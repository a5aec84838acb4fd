#!/usr/bin/env node
// The `retrain` command. Plain JavaScript for Node 20 and newer, without packages.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findNode, handOver, newEnough, noNodeMessage, preferOnPath } from './node24.mjs';

const here = fileURLToPath(import.meta.url);
const root = dirname(dirname(here));
const args = process.argv.slice(2);

// Node refuses TypeScript under node_modules: there, and wherever only the bundle was copied, the bundle is what runs.
const inClone = existsSync(join(root, 'src', 'main.ts')) && !root.split(sep).includes('node_modules');

if (inClone) {
  const { start } = await import('../tools/bootstrap.mjs');
  await start('src/main.ts', args);
} else if (newEnough()) {
  preferOnPath(process.execPath);
  const { runCli } = createRequire(here)(join(root, 'actions', 'dist', 'index.js'));
  process.exitCode = await runCli(args, root);
} else {
  const node = findNode(root);
  if (node === undefined) {
    process.stderr.write(`${noNodeMessage()}\n`);
    process.exit(2);
  }
  await handOver(node, [here, ...args]);
}
