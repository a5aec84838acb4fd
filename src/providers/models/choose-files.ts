import { UserError } from '../../kernel/errors.ts';

/** Weights in forms that load without running code, the preferred first. */
const SAFE = ['.safetensors', '.gguf', '.onnx', '.ubj'];
/** Weights, and what training leaves beside them, in forms that may run code. Left where they are. */
const UNSAFE = /\.(?:bin|pt|pth|ckpt|pkl|pickle|joblib|h5|hdf5|keras|msgpack|ot|pb|npy|npz|tflite|mlmodel|mar|zip|tar|gz|tgz|7z)$/i;
/** What no trainer reads. */
const BESIDE = /(?:^|\/)\.|(?:^|\/)(?:readme|license|notice|use_policy)(?:\.\w+)?$|\.(?:md|py|ipynb|png|jpe?g|gif|svg|pdf|mp4|wav)$/i;

/**
 * Which files of a model a trainer starts from: weights in one safe form, configuration, tokenizer. The same weights in other forms, code,
 * pictures and notes stay behind. Errors: `unsafe-model` when its weights are only there in unsafe forms, `bad-name` for a path that leaves the folder.
 */
export function chooseFiles(names: readonly string[], uri: string): readonly string[] {
  const folders = new Map(names.flatMap((name) => foldersOf(name.toLowerCase()).map((folder) => [folder, name] as const)));
  const seen = new Map<string, string>();
  for (const name of names) {
    const same = seen.get(name.toLowerCase()) ?? folders.get(name.toLowerCase());
    if (!isPlain(name) || same !== undefined) {
      throw new UserError(
        'bad-name',
        `${uri} has a file named ${JSON.stringify(name)}${same === undefined ? '' : `, and ${JSON.stringify(same)}`}: no such name is written to disk.`,
      );
    }
    seen.set(name.toLowerCase(), name);
  }
  const useful = names.filter((name) => !BESIDE.test(name));
  const safe = SAFE.find((ending) => useful.some((name) => name.toLowerCase().endsWith(ending)));
  const unsafe = useful.filter((name) => UNSAFE.test(name));
  if (safe === undefined && unsafe.length > 0) {
    throw new UserError(
      'unsafe-model',
      `${uri} has weights only in forms that can run code when they are loaded: ${unsafe.slice(0, 5).join(', ')}.`,
      {
        todo: 'Convert them to safetensors once, where you trust them (`model.save_pretrained(folder, safe_serialization=True)`), and name that folder.',
      },
    );
  }
  return useful.filter((name) => !UNSAFE.test(name) && !SAFE.some((ending) => ending !== safe && name.toLowerCase().endsWith(ending)));
}

/** `a/b/c.json` lies in `a` and in `a/b`. */
const foldersOf = (name: string): string[] => [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index));

/** Longer names of files are not written by the file systems of Linux, macOS and Windows. */
const NAME_BYTES_MAX = 255;

const isPlain = (name: string): boolean =>
  !/[\\\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069:]/.test(name) &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= NAME_BYTES_MAX);
