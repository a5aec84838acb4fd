import { compileAsset } from './assets.ts';
import type { EngineAssets } from './engine.ts';

/**
 * sqlparser-ts's WebAssembly without its own loader, which holds a single instance for ever: after one crash
 * ("memory access out of bounds") every later call on that instance fails, so a crashed instance must be replaced.
 * The calling convention is wasm-bindgen's; import names end in a hash that changes with each build.
 */
export interface SqlparserModule {
  /** The error's message, or undefined when the text parses. */
  problem(dialect: string, source: string): Problem | undefined;
  /** The statements' trees as JSON text. */
  tree(dialect: string, source: string): { readonly json: string } | Problem;
}

export type Problem =
  | { readonly kind: 'refused'; readonly message: string }
  /** Ours, not the text's: its nesting was too deep for the parser. */
  | { readonly kind: 'limit'; readonly message: string };

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly validate_sql: (a: number, b: number, c: number, d: number) => [number, number, number];
  readonly parse_sql_to_json_string: (a: number, b: number, c: number, d: number) => [number, number, number, number];
  readonly __wbindgen_malloc: (bytes: number, align: number) => number;
  readonly __wbindgen_free: (at: number, bytes: number, align: number) => void;
  readonly __externref_table_alloc: () => number;
  readonly __externref_table_dealloc: (index: number) => void;
  readonly __wbindgen_externrefs: WebAssembly.Table;
  readonly __wbindgen_start: () => void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

class Instance {
  readonly #exports: Exports;
  #bytes: Uint8Array;

  constructor(module: WebAssembly.Module) {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] = this.#import(name);
    }
    this.#exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#exports.__wbindgen_start();
  }

  problem(dialect: string, source: string): string | undefined {
    const [at, length, at2, length2] = [...this.#write(dialect), ...this.#write(source)];
    const [, error, failed] = this.#exports.validate_sql(at, length, at2, length2);
    return failed ? this.#takeError(error) : undefined;
  }

  tree(dialect: string, source: string): { json: string } | { error: string } {
    const [at, length, at2, length2] = [...this.#write(dialect), ...this.#write(source)];
    const [start, bytes, error, failed] = this.#exports.parse_sql_to_json_string(at, length, at2, length2);
    if (failed) return { error: this.#takeError(error) };
    const json = this.#read(start, bytes);
    this.#exports.__wbindgen_free(start, bytes, 1);
    return { json };
  }

  #view(): Uint8Array {
    if (this.#bytes.byteLength === 0) this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    return this.#bytes;
  }

  #read(at: number, length: number): string {
    return decoder.decode(this.#view().subarray(at >>> 0, (at >>> 0) + length));
  }

  /** The callee frees it. */
  #write(text: string): [number, number] {
    const bytes = encoder.encode(text);
    const at = this.#exports.__wbindgen_malloc(bytes.length, 1) >>> 0;
    this.#view().set(bytes, at);
    return [at, bytes.length];
  }

  #takeError(index: number): string {
    const value: unknown = this.#exports.__wbindgen_externrefs.get(index);
    this.#exports.__externref_table_dealloc(index);
    return typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : String(value);
  }

  /** Only what parsing to text needs; anything else is refused loudly. */
  #import(name: string): (...values: never[]) => unknown {
    if (name.startsWith('__wbg_Error_')) return (at: number, length: number) => new Error(this.#read(at, length));
    if (name.startsWith('__wbg___wbindgen_throw_'))
      return (at: number, length: number) => {
        throw new Error(this.#read(at, length));
      };
    if (name.startsWith('__wbg_error_'))
      return (at: number, length: number) => {
        this.#exports.__wbindgen_free(at, length, 1);
      };
    // Errors come as `{ message, … }`, built key by key; a record serves for every kind of `new`.
    if (name.startsWith('__wbg_new_')) return () => ({});
    if (name.startsWith('__wbg_set_'))
      return (target: Record<string, unknown>, key: string, value: unknown) => {
        target[key] = value;
      };
    if (name.startsWith('__wbg_stack_'))
      return (at: number) => {
        new DataView(this.#exports.memory.buffer).setInt32(at + 4, 0, true);
        new DataView(this.#exports.memory.buffer).setInt32(at, 1, true);
      };
    if (name === '__wbindgen_cast_0000000000000003') return (at: number, length: number) => this.#read(at, length);
    if (name === '__wbindgen_init_externref_table')
      return () => {
        const table = this.#exports.__wbindgen_externrefs;
        const first = table.grow(4);
        table.set(0, undefined);
        [undefined, null, true, false].forEach((value, i) => {
          table.set(first + i, value);
        });
      };
    return () => {
      throw new Error(`sqlparser-ts called ${name}, which parsing to text does not need.`);
    };
  }
}

/** One module, an instance that is replaced when it breaks. */
export async function loadSqlparser(assets: EngineAssets): Promise<SqlparserModule> {
  const module = await compileAsset(assets, 'sqlparser_rs_wasm_bg.wasm');
  let instance = new Instance(module);

  function guarded<Result>(work: () => Result): Result | Problem {
    try {
      return work();
    } catch (error) {
      instance = new Instance(module);
      return { kind: 'limit', message: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    problem: (dialect, source) =>
      guarded(() => {
        const message = instance.problem(dialect, source);
        return message === undefined ? undefined : asProblem(message);
      }),
    tree: (dialect, source) =>
      guarded(() => {
        const result = instance.tree(dialect, source);
        return 'json' in result ? result : asProblem(result.error);
      }),
  };
}

const asProblem = (message: string): Problem => ({ kind: /recursion limit/i.test(message) ? 'limit' : 'refused', message });
