import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BadInput } from '../tables/bad-input.ts';

/** Reads a JSON file that a stage was given. `BadInput` `damaged-input` with its name where it does not hold `what`. */
export async function jsonInput<T>(path: string, shape: z.ZodType<T>, what: string): Promise<T> {
  const text = await readFile(path, 'utf8');
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError)
      throw new BadInput('damaged-input', `expected ${what}, as JSON.`, { file: path });
    throw cause;
  }
}
