import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs a program in this terminal; its exit code, or 128 + signal. `cwd` is the clone's root by default. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', cwd: options.cwd ?? root, env: options.env ?? process.env });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128));
  });
}

/** Runs a program quietly; what it printed, and its exit code. */
export function captureProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd ?? root, env: options.env ?? process.env });
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 128, output: Buffer.concat(pieces).toString('utf8') }));
  });
}

/** The clone's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Is this a continuous-integration machine, where nothing may be skipped for want of a tool? */
export const onCi = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';
