declare module 'libpg-query/wasm/libpg-query.js' {
  /** Emscripten's module object, as far as parsing needs it. */
  interface PgQueryModule {
    _malloc(bytes: number): number;
    _free(at: number): void;
    _wasm_parse_query_raw(query: number): number;
    _wasm_free_parse_result(result: number): void;
    lengthBytesUTF8(text: string): number;
    stringToUTF8(text: string, at: number, bytes: number): void;
    UTF8ToString(at: number, maxBytes?: number): string;
    getValue(at: number, type: 'i32'): number;
  }
  type Instantiate = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object;
  const factory: (options?: { readonly instantiateWasm?: Instantiate }) => Promise<PgQueryModule>;
  export default factory;
}
