import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../process.ts';

export interface WorkflowFile {
  readonly path: string;
  readonly text: string;
}

/** Every workflow this project runs, offers to be called, or gives away to be copied. */
export function workflowFiles(): readonly WorkflowFile[] {
  return globSync('{.github/workflows,workflows-templates}/*.yml', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
