import { mkdir, rm } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { type Content, writeWhole } from './durable-file.ts';
import type { FileOutput, StageFiles } from './stage.ts';

/** The stage's own folder, made empty. */
export async function openStageFiles(folder: string): Promise<StageFiles> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return stageFilesIn(folder);
}

function stageFilesIn(folder: string): StageFiles {
  const path = (name: string): string => {
    const normal = normalize(name);
    if (isAbsolute(normal) || normal === '..' || normal.startsWith('../') || normal.startsWith('..\\'))
      throw new RangeError(`${name} leaves the stage's folder.`);
    return join(folder, normal);
  };
  return {
    path,
    async write(name: string, content: Content): Promise<FileOutput> {
      await writeWhole(path(name), content);
      return { file: name };
    },
    adopt: (name, stored): FileOutput => {
      path(name);
      return { file: name, ...(stored && { stored }) };
    },
  };
}
