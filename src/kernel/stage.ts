import type { z } from 'zod';
import type { Comparison, Curve, Gate, MetricValue, RecordTable, StoredCopy } from './record.ts';
import type { Verdict } from './verdict.ts';

/** A kind of provider a stage may call, with its interface as a type. One line beside the interface it stands for. */
export interface Slot<Interface> {
  readonly kind: string;
  readonly provides?: Interface;
}
export const slot = <Interface>(kind: string): Slot<Interface> => ({ kind });

export type Slots = Readonly<Record<string, Slot<unknown>>>;
export type ProvidersOf<N extends Slots> = { readonly [K in keyof N]: N[K] extends Slot<infer I> ? I : never };

/** Where a stage is. Nothing else can be reached: no environment, no clock, no network, no token. */
export interface Context {
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly files: StageFiles;
  /** The instant this attempt began. */
  readonly now: Date;
  readonly run: RunFacts;
  /**
   * Notes work that goes on without this process, and how it is told to end (that never rejects); without `end`: it is over. A stage that fails
   * for good, is cancelled or ends without it leaves none behind.
   */
  readonly elsewhere?: (name: string, end?: () => Promise<void>) => void;
}

export interface RunFacts {
  readonly id: string;
  /** Name of the model. */
  readonly model: string;
  /** ISO date (`2026-11-21`) or instant the run stands for; not the clock. */
  readonly logicalDate: string;
  /** 64 bits as 16 hex digits; every random number of the run comes from it. */
  readonly seed: string;
  /** Will `report` tell of the run when all is done? Absent: nobody speaks after this stage. */
  readonly reported?: boolean;
}

export interface Log {
  info(line: string): void;
  /** Also kept in the record. */
  warn(code: string, text: string): void;
  /** `share` 0…1 of the work done, with the latest figure worth seeing. */
  progress(share: number, text: string): void;
}

/** The stage's own folder. Everything is written under a temporary name and renamed when complete. */
export interface StageFiles {
  /** Absolute path of a file or folder of this stage, for programs that want paths. */
  path(name: string): string;
  write(name: string, content: string | Uint8Array | AsyncIterable<string | Uint8Array>): Promise<FileOutput>;
  /** A file or folder that somebody else (a trainer, a download) has put at `path(name)`. */
  adopt(name: string, stored?: StoredCopy): FileOutput;
}

/** A file or folder in the stage's folder; the kernel adds SHA-256 and bytes when it writes the record. */
export interface FileOutput {
  readonly file: string;
  /** Where the same bytes lie in a store, when they came from there. */
  readonly stored?: StoredCopy;
}

export type OutputValue = string | number | boolean | FileOutput;

export interface StageResult<Outputs extends string = string> {
  readonly verdict: Verdict;
  /** One line for the terminal and the summary: what was found. */
  readonly found: string;
  readonly outputs?: { readonly [K in Outputs]?: OutputValue };
  /** A `skipped` that leaves nothing to do for the stages after it. */
  readonly endsRun?: boolean;
  readonly metrics?: readonly MetricValue[];
  readonly gates?: readonly Gate[];
  readonly comparison?: Comparison;
  readonly tables?: readonly RecordTable[];
  readonly curves?: readonly Curve[];
}

export type InputShape = z.core.$ZodLooseShape;

export interface Stage<Shape extends InputShape = InputShape, Outputs extends string = string, Needs extends Slots = Slots> {
  readonly name: string;
  readonly summary: string;
  readonly inputs: Shape;
  /** Names of shared keys of the pipeline file this stage reads (`task`, `target`, `key`, …); the host adds their schemas. */
  readonly outputs: Readonly<Record<Outputs, string>>;
  /** Outputs people or later jobs want from the pipeline's store; the host puts them there when there is one. */
  readonly keeps?: readonly NoInfer<Outputs>[];
  readonly needs: Needs;
  /** Rules over several inputs at once; returns every problem found. */
  check?(inputs: z.output<z.ZodObject<Shape>>): readonly { readonly path: string; readonly message: string }[];
  run(inputs: z.output<z.ZodObject<Shape>>, providers: ProvidersOf<Needs>, context: Context): Promise<StageResult<Outputs>>;
}

/** Declares a stage; the types of `run` follow from `inputs` and `needs`. */
export function defineStage<Shape extends InputShape, Outputs extends string, Needs extends Slots>(
  stage: Stage<Shape, Outputs, Needs>,
): Stage<Shape, Outputs, Needs> {
  return stage;
}
