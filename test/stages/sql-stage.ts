import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Context, InputShape, Slots, Stage } from '../../src/kernel/stage.ts';
import { sqlEngines } from '../../src/providers/engines/sql-engines.ts';
import { startFromSources } from '../../src/providers/engines/start.ts';
import { type DataSettings, openData } from '../../src/providers/sources/data.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
export const FIXTURES = join(ROOT, 'test/fixtures/text-to-sql');

/** A folder with files of its own, in which stages are run alone on real providers. */
export class SqlBench implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'retrain-sql-'));
  readonly warnings: string[] = [];
  readonly #inStores: ((folder: string) => DataSettings['inStores']) | undefined;
  #runs = 0;

  /** `inStores`: what opens the stores in the network, for those who need some. */
  constructor(inStores?: (folder: string) => DataSettings['inStores']) {
    this.#inStores = inStores;
  }

  providers() {
    const inStores = this.#inStores?.(this.folder);
    return {
      data: openData({ base: this.folder, cache: join(this.folder, 'cache'), ...(inStores && { inStores }) }),
      engines: sqlEngines({ root: ROOT }, startFromSources(ROOT)),
    };
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(resolve(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs a stage with these inputs, all others at their defaults; as the host does, it asks the stage's rules first. */
  async run<Shape extends InputShape, Outputs extends string, Needs extends Slots>(
    stage: Stage<Shape, Outputs, Needs>,
    given: Readonly<Record<string, unknown>>,
  ) {
    const inputs = z.strictObject(stage.inputs).parse(given) as z.output<z.ZodObject<Shape>>;
    const problems = (stage.check?.(inputs) ?? []).map(({ path }) => path);
    if (problems.length > 0) throw new Error(`refused: ${problems.join(', ')}`);
    const out = join(this.folder, `out-${++this.#runs}`);
    mkdirSync(out);
    const result = await stage.run(inputs, this.providers() as unknown as Parameters<typeof stage.run>[1], this.#context(out));
    return {
      result,
      out,
      file: (name: string) => readFileSync(join(out, name), 'utf8'),
      metric: (name: string, slice?: string) => result.metrics?.find((metric) => metric.name === name && metric.slice === slice),
    };
  }

  #context(out: string): Context {
    return {
      signal: new AbortController().signal,
      log: { info: () => {}, warn: (code) => void this.warnings.push(code), progress: () => {} },
      now: new Date(0),
      run: { id: 'r', model: 'm', logicalDate: '2026-11-21', seed: '0'.repeat(16) },
      files: {
        path: (name) => join(out, name),
        adopt: (name) => ({ file: name }),
        async write(name, content) {
          let text = '';
          if (typeof content === 'object' && Symbol.asyncIterator in content) for await (const piece of content) text += String(piece);
          else text = String(content);
          writeFileSync(join(out, name), text);
          return { file: name };
        },
      },
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
