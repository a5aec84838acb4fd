import { open, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import { headerLength, headerProblem } from './safetensors.ts';

/** Forms that load without running code. */
type Format = 'safetensors' | 'gguf' | 'onnx' | 'ubjson' | 'sentencepiece' | 'json' | 'text';

const HEAD_BYTES = 4096;
/** Larger JSON is no configuration; the widest tokenizers have some 30 MB. */
export const JSON_BYTES_MAX = 64 * 1024 * 1024;

/** What a name promises must be true of the bytes. */
const PROMISED: Readonly<Record<string, Format>> = {
  '.safetensors': 'safetensors',
  '.gguf': 'gguf',
  '.onnx': 'onnx',
  '.ubj': 'ubjson',
  '.json': 'json',
};

/**
 * Looks into a file of a model by its bytes, never by its name. Errors: `unsafe-model` for a form that may run code when it is loaded
 * or that nobody here knows, for a name that promises another form, and for a configuration that names code to be loaded (`auto_map`);
 * `damaged-model` for a safetensors file whose header cannot be true.
 */
export async function checkModelFile(path: string, name: string): Promise<void> {
  await using file = await open(path);
  const { size } = await file.stat();
  const head = new Uint8Array(Math.min(HEAD_BYTES, size));
  await file.read(head, 0, head.length, 0);
  if (size === 0) return;
  const found = formatOf(head, size);
  if (typeof found !== 'string') throw unsafe(name, `it is ${found.refused}`);
  const promised = PROMISED[extname(name).toLowerCase()];
  if (promised !== undefined && promised !== found) throw unsafe(name, `its name promises ${promised}, its bytes are ${found}`);

  if (found === 'safetensors') {
    const length = headerLength(head, size);
    if (typeof length !== 'number') throw damaged(name, length.problem);
    const header = Buffer.alloc(length);
    await file.read(header, 0, length, 8);
    const problem = headerProblem(header.toString('utf8'), size - 8 - length);
    if (problem !== undefined) throw damaged(name, problem);
  }
  if (promised === 'json' && size <= JSON_BYTES_MAX) {
    const code = namedCode(parsed(await readFile(path, 'utf8'), name));
    if (code !== undefined) throw unsafe(name, `it names code that would be loaded with the model (${code})`);
  } else if (promised === 'json' && /config\.json$/.test(name)) throw unsafe(name, `a configuration of ${size} bytes is none`);
}

/** The form of a file from its first bytes. */
function formatOf(head: Uint8Array, size: number): Format | { readonly refused: string } {
  const begins = (...bytes: readonly number[]) => bytes.every((byte, at) => head[at] === byte);
  const says = (word: string, at = 0) => Buffer.from(head.subarray(at, at + word.length)).toString('latin1') === word;
  if (says('GGUF')) return 'gguf';
  if (begins(0x50, 0x4b)) return { refused: 'a zip archive, as PyTorch’s .bin and .pt files are: those hold pickles' };
  if (begins(0x80) && (head[1] as number) >= 1 && (head[1] as number) <= 5) return { refused: 'a pickle' };
  if (begins(0x89, 0x48, 0x44, 0x46)) return { refused: 'HDF5, whose Keras models can hold code' };
  if (begins(0x93, 0x4e, 0x55, 0x4d)) return { refused: 'a NumPy file, which can hold pickles' };
  if (begins(0x1f, 0x8b) || says('BZh') || begins(0xfd, 0x37, 0x7a)) return { refused: 'a compressed archive' };
  if (begins(0x7b, 0x4c, 0x00)) return 'ubjson';
  // Protocol buffers have no magic: ONNX begins with ir_version (3 and above), sentencepiece with its first piece.
  if (
    begins(0x08) &&
    (head[1] as number) >= 3 &&
    (head[1] as number) <= 32 &&
    [0x12, 0x1a, 0x22, 0x2a, 0x32, 0x3a, 0x42].includes(head[2] as number)
  )
    return 'onnx';
  if (begins(0x0a) && (head[1] as number) < 0x80 && head[2] === 0x0a && (head[3] as number) < (head[1] as number)) return 'sentencepiece';
  if (typeof headerLength(head, size) === 'number' && head[8] === 0x7b) return 'safetensors';
  if (isText(head, head.length === size)) return /^\s*[[{]/.test(Buffer.from(head).toString('utf8')) ? 'json' : 'text';
  return { refused: 'of a form that is not known to load without running code' };
}

function isText(head: Uint8Array, whole: boolean): boolean {
  if (head.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !whole });
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(name, 'it is not JSON', cause);
  }
}

/** Where a configuration asks for code of its own, at any depth. */
function namedCode(value: unknown): string | undefined {
  // A list of what is still to be looked at: nesting of a hostile file would exhaust the stack.
  const rest = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, inner] of Object.entries(next)) {
      if (key === 'auto_map' || (key === 'trust_remote_code' && inner === true)) return key;
      rest.push(inner);
    }
  }
  return undefined;
}

const unsafe = (name: string, why: string) =>
  new UserError('unsafe-model', `${name} is not taken: ${why}.`, {
    todo: 'Use weights in safetensors (`model.save_pretrained(folder, safe_serialization=True)`) and a model that needs no code of its own.',
  });

const damaged = (name: string, why: string, cause?: unknown) =>
  new UserError('damaged-model', `${name} is damaged: ${why}.`, {
    todo: 'Get the file anew from where it was made.',
    ...(cause !== undefined && { cause }),
  });
