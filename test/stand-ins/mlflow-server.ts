import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../../tools/process.ts';
import { pythonTools } from '../../tools/python.ts';

export interface MlflowServer {
  readonly url: string;
  /** Its Python, for MLflow's own client. */
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const READY_SECONDS = 120;
const PASSWORD = 'only-of-this-test-1';

/**
 * The real `mlflow server`, with users and passwords, in a locked virtual environment; `folder` is for its database and files.
 * `missing` says why it could not be had on this machine.
 */
export async function mlflowServer(folder: string): Promise<MlflowServer | { readonly missing: string }> {
  const tools = await pythonTools(join(root, 'tools', 'requirements', 'mlflow.lock'));
  if ('failure' in tools) return { missing: tools.failure };
  const python = join(tools.bin, process.platform === 'win32' ? 'python.exe' : 'python');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: `${tools.bin}:${process.env.PATH ?? ''}`,
    HOME: folder,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    // Jobs of the server's own want packages that tracking does not.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_FLASK_SERVER_SECRET_KEY: 'of a test',
    MLFLOW_TRACKING_URI: url,
    MLFLOW_AUTH_ADMIN_PASSWORD: PASSWORD,
    MLFLOW_TRACKING_USERNAME: 'admin',
    MLFLOW_TRACKING_PASSWORD: PASSWORD,
  };
  const options = ['--backend-store-uri', 'sqlite:///mlflow.db', '--artifacts-destination', join(folder, 'artifacts'), '--workers', '1'];
  const command = ['-m', 'mlflow', 'server', '--app-name', 'basic-auth', ...options, '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(python, command, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const stop = () => ended(child);
  for (let second = 0; second < READY_SECONDS && child.exitCode === null; second += 0.5) {
    const reply = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (reply?.ok) return { url, python, env, stop };
    await delay(500);
  }
  await stop();
  throw new Error(`mlflow server did not get ready:\n${said.join('').slice(-3_000)}`);
}

/** Its workers outlive it: the whole group ends. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const gone = child.exitCode === null ? once(child, 'exit') : undefined;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    return;
  }
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
