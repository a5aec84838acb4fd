import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../catalog.ts';
import { execute } from '../kernel/execute.ts';
import type { StageEntry } from '../kernel/flow.ts';
import type { StageRecord } from '../kernel/record.ts';
import { redactor } from './redact.ts';
import { jobsOf, makeProviders, newRunId } from './run.ts';
import type { View } from './view.ts';

export interface AloneRequest extends Pick<Settings, 'home' | 'base' | 'root' | 'model' | 'shared' | 'inputs' | 'env'> {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
}

/**
 * One stage outside any run: nothing of it is kept but what `use` takes from its folder before that is removed.
 * What goes wrong inside is thrown.
 */
export async function runAlone<T>(
  entry: Pick<StageEntry, 'load'>,
  request: AloneRequest,
  view: View,
  use: (record: StageRecord, folder: string) => Promise<T>,
): Promise<T> {
  const stage = await entry.load();
  const id = newRunId(stage.name, request.clock());
  const folder = join(request.home, 'cache', 'alone', id);
  const log = {
    info: (line: string) => view.line(stage.name, line),
    warn: (code: string, text: string) => view.warning(stage.name, code, text),
    progress: (share: number, text: string) => view.progress(stage.name, share, text),
  };
  try {
    const { record, error } = await execute({
      stage,
      inputs: async () => ({ values: request.inputs, shown: {} }),
      providers: (inputs) => makeProviders(stage.needs, { ...request, jobs: jobsOf(folder), run: id, inputs, log: log.info }),
      run: { id, model: request.model, logicalDate: request.clock().toISOString().slice(0, 10), seed: '0'.repeat(16) },
      folder,
      folderUri: '.',
      policy: { retries: 0, delaySeconds: 0, timeoutSeconds: request.timeoutSeconds },
      signal: request.signal,
      log,
      clock: request.clock,
      redact: redactor(request.env),
    });
    if (error !== undefined) throw error;
    return await use(record, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
