import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import { outcomeOf } from '../../kernel/flow.ts';
import type { Manifest } from '../../kernel/record.ts';
import { readManifest } from '../../kernel/run-folder.ts';
import { archivedFile } from '../../providers/archived-file.ts';
import type { Forge, WorkflowArtifact } from '../../providers/forge/forge.ts';

/** What the report job of each run keeps: `retrain-run-<run>-<attempt>`, one file with all records. */
const NAME = /^retrain-run-(.+)-(\d+)$/;
const FILE = 'run.json';
// Records are summaries. A workflow that trains more models than a matrix has jobs is none of ours.
const ARCHIVE_BYTES_MAX = 4 * 1024 * 1024;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const RUNS_MAX = 256;
const MODEL = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

/**
 * The runs of Retrain that a workflow run held, by name of the model, as their records tell. They may come from a stranger's workflow: sizes are
 * bounded, the form is checked, and nothing in them is believed to be an address.
 */
export async function runsOf(forge: Forge, workflowRun: number, address: string, signal: AbortSignal): Promise<readonly Manifest[]> {
  const newest = new Map<string, { readonly attempt: number; readonly artifact: WorkflowArtifact }>();
  for (const artifact of await forge.artifacts(workflowRun, signal)) {
    const [, run, attempt] = NAME.exec(artifact.name) ?? [];
    if (run === undefined) continue;
    if (Number(attempt) > (newest.get(run)?.attempt ?? 0)) newest.set(run, { attempt: Number(attempt), artifact });
  }
  if (newest.size > RUNS_MAX)
    throw new UserError('too-many-runs', `The workflow run has ${newest.size} runs; at most ${RUNS_MAX} are read.`);
  const found: Manifest[] = [];
  for (const [run, { artifact }] of newest) {
    const manifest = await manifestOf(archivedFile(await forge.artifact(artifact, ARCHIVE_BYTES_MAX, signal), FILE, FILE_BYTES_MAX));
    if (manifest.id !== run || !MODEL.test(manifest.model)) {
      throw new UserError(
        'other-run',
        `The artifact ${artifact.name} holds the run ${JSON.stringify(manifest.id)} of ${JSON.stringify(manifest.model)}.`,
      );
    }
    found.push({ ...manifest, outcome: outcomeOf(manifest.records).outcome, links: [{ name: 'Workflow run', url: address }] });
  }
  return found.sort((a, b) => (a.model < b.model ? -1 : 1));
}

async function manifestOf(content: Uint8Array): Promise<Manifest> {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-record-'));
  try {
    await writeFile(join(folder, FILE), content);
    return await readManifest(join(folder, FILE));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
