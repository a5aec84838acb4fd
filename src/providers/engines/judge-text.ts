import { cleanUp, looksLike } from '../../sql/cleanup.ts';
import { lexisOf } from '../../sql/dialect.ts';
import type { Features } from '../../sql/features.ts';
import { splitStatements } from '../../sql/split.ts';
import { invalid, type LooksLike, notJudged, type SyntaxVerdict } from '../../sql/verdict.ts';
import type { EngineAssets, EngineFacts, EngineOptions, JudgedText, SqlEngine, SqlParser } from './engine.ts';
import { factsOf, openEngine } from './open-engine.ts';

/** Longer texts are no answer of a model and are judged by no engine. */
export const TEXT_BYTES_MAX = 1_048_576;

/** One engine with all that is asked about a text; lives in a worker. */
export interface TextJudge {
  readonly facts: EngineFacts;
  judge(source: string): Promise<JudgedText>;
  /** The engine's verdict alone: no clean-up, no second opinion, no hint. */
  bare(source: string): Promise<JudgedText>;
  features(source: string): Promise<Features | undefined>;
  close(): void;
}

const UNSUPPORTED = { name: 'approximate', version: 'none', approximate: true } as const;

export async function openTextJudge(options: EngineOptions, assets: EngineAssets): Promise<TextJudge> {
  const engine = await openEngine(options, assets);
  if (!engine) return unsupported(options);
  const second =
    options.crossCheck && engine.name !== 'node-sql-parser'
      ? await openEngine({ ...options, engine: 'node-sql-parser' }, assets)
      : undefined;
  const schema =
    options.schema !== undefined && engine.name === 'sqlite' ? (await import('./sqlite.ts')).openSqliteWith(options.schema) : undefined;
  const others = new OtherDialects(options, assets);
  const structure = new StructureReader(options, assets);
  const lexis = lexisOf(options.dialect, options.sqlModes);

  async function verdictOf(source: string): Promise<SyntaxVerdict> {
    if (tooLong(source)) return notJudged('too-long', `More than ${TEXT_BYTES_MAX} bytes of text.`);
    if (engine!.worn) await engine!.renew?.();
    let verdict: SyntaxVerdict;
    try {
      verdict = engine!.judge(source);
    } catch (error) {
      verdict = notJudged('crashed', error instanceof Error ? error.message.slice(0, 200) : String(error));
    }
    if (verdict.verdict === 'not judged' && (verdict.code === 'parser-limit' || verdict.code === 'crashed')) await engine!.renew?.();
    if (verdict.verdict === 'valid' && options.singleStatement && verdict.statements > 1) {
      const place = splitStatements(source, lexis)[1]?.start ?? source.length;
      return invalid('several-statements', `${verdict.statements} statements where one is expected.`, source, place, verdict.statements);
    }
    return verdict;
  }

  return {
    facts: factsOf(engine),
    async judge(source) {
      const verdict = await verdictOf(source);
      const crossCheck = second && verdict.verdict !== 'not judged' ? agreement(second, source, verdict) : {};
      if (verdict.verdict !== 'invalid') {
        const namesResolve = schema && verdict.verdict === 'valid' ? { namesResolve: schema.resolves(source) } : {};
        return { verdict, ...crossCheck, ...namesResolve };
      }
      if (verdict.code === 'empty' || verdict.code === 'several-statements' || verdict.code === 'nul') return { verdict, ...crossCheck };
      const cleaned = cleanUp(source);
      const validAfterCleanup = cleaned.taken.length > 0 ? { validAfterCleanup: (await verdictOf(cleaned.text)).verdict === 'valid' } : {};
      const looks: LooksLike | undefined =
        looksLike(source, verdict.code === 'incomplete') ?? ((await others.accept(source)) ? 'wrong-dialect' : undefined);
      return { verdict, ...crossCheck, ...validAfterCleanup, ...(looks ? { looksLike: looks } : {}) };
    },
    bare: async (source) => ({ verdict: await verdictOf(source) }),
    features: (source) => (tooLong(source) ? Promise.resolve(undefined) : structure.features(source)),
    close() {
      engine.close();
      second?.close();
      schema?.engine.close();
      others.close();
    },
  };
}

const tooLong = (source: string): boolean =>
  source.length > TEXT_BYTES_MAX || (source.length > TEXT_BYTES_MAX / 3 && Buffer.byteLength(source) > TEXT_BYTES_MAX);

function agreement(second: SqlEngine, source: string, verdict: SyntaxVerdict): Pick<JudgedText, 'crossCheck'> {
  const other = second.judge(source);
  if (other.verdict === 'not judged') return {};
  const valid = verdict.verdict === 'valid' || (verdict.verdict === 'invalid' && verdict.code === 'several-statements');
  return { crossCheck: (other.verdict === 'valid') === valid ? 'agrees' : 'differs' };
}

function unsupported({ dialect }: EngineOptions): TextJudge {
  const judge = () => Promise.resolve({ verdict: notJudged('unsupported-dialect', `No engine reads the dialect ${dialect}.`) });
  return {
    facts: { ...UNSUPPORTED, dialect },
    judge,
    bare: judge,
    features: () => Promise.resolve(undefined),
    close() {},
  };
}

/** The two databases whose own parsers are at hand, asked only about texts the judge has refused. */
class OtherDialects {
  readonly #options: EngineOptions;
  readonly #assets: EngineAssets;
  #opened: Promise<readonly SqlEngine[]> | undefined;

  constructor(options: EngineOptions, assets: EngineAssets) {
    this.#options = options;
    this.#assets = assets;
  }

  async accept(source: string): Promise<boolean> {
    this.#opened ??= this.#open();
    for (const engine of await this.#opened) {
      const verdict = engine.judge(source);
      if (verdict.verdict === 'valid') return true;
      if (verdict.verdict === 'not judged' || engine.worn) await engine.renew?.();
    }
    return false;
  }

  async #open(): Promise<readonly SqlEngine[]> {
    const dialects = (['sqlite', 'postgres', 'mysql'] as const).filter(
      (dialect) => dialect !== this.#options.dialect && !(dialect === 'mysql' && this.#options.dialect === 'mariadb'),
    );
    const opened = await Promise.all(dialects.map((dialect) => openEngine({ dialect, engine: 'auto' }, this.#assets)));
    return opened.filter((engine) => engine !== undefined);
  }

  close(): void {
    void this.#opened?.then((opened) => {
      for (const engine of opened) engine.close();
    });
  }
}

/** sqlparser first, node-sql-parser where it cannot. */
class StructureReader {
  readonly #options: EngineOptions;
  readonly #assets: EngineAssets;
  #first: Promise<SqlParser> | undefined;
  #second: Promise<SqlParser | undefined> | undefined;

  constructor(options: EngineOptions, assets: EngineAssets) {
    this.#options = options;
    this.#assets = assets;
  }

  async features(source: string): Promise<Features | undefined> {
    const { dialect } = this.#options;
    this.#first ??= import('./approximate.ts').then(({ openStructureReader }) => openStructureReader(dialect, this.#assets));
    const found = (await this.#first).features(source);
    if (found) return found;
    this.#second ??= import('./node-sql-parser.ts').then(({ openNodeSqlParser }) => openNodeSqlParser(dialect));
    return (await this.#second)?.features(source);
  }
}
