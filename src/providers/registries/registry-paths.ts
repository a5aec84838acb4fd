import { PARTIAL_PREFIX } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import { METADATA_FILE, TAGS_FILE } from './registry-files.ts';

/** Letters and digits of any file system; nothing that a path, a shell or Windows reads as something else. */
export const MODEL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$/;
const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** The name, if it may be one: it becomes a folder on any system. */
export function checkedModel(model: string): string {
  if (MODEL_NAME.test(model) && !WINDOWS_DEVICES.test(model)) return model;
  throw new UserError(
    'bad-model-name',
    `${JSON.stringify(model)} is no name for a model: expected letters, digits, ".", "-" and "_", at most 100, beginning with a letter or digit.`,
    { todo: 'Choose another `name` in the pipeline file.' },
  );
}

export const versionFolder = (model: string, version: number): string => `${checkedModel(model)}/versions/${version}`;

/** A path that stays within the version on every system, and is not one of the registry's own files. */
export function checkPathWithin(path: string): void {
  const parts = path.split('/');
  const odd = parts.some(
    (part) => part === '' || part === '.' || part === '..' || part.startsWith(PARTIAL_PREFIX) || /[\\:\0-\x1f\x7f]/.test(part),
  );
  const own = [METADATA_FILE, TAGS_FILE].includes(path.toLowerCase());
  if (!odd && !own) return;
  throw new UserError(
    'bad-path',
    `${JSON.stringify(path)} cannot be the path of a file in a version: ${own ? 'the registry writes this file itself' : 'expected names separated by "/", without "..", "\\", ":" or control characters'}.`,
  );
}
