import { slot } from '../../kernel/stage.ts';
import type { Dialect, SqlMode } from '../../sql/dialect.ts';
import type { Execute } from '../../sql/execution.ts';
import type { Features } from '../../sql/features.ts';
import type { JudgedText, SyntaxVerdict } from '../../sql/verdict.ts';

export type EngineName = 'sqlite' | 'postgres' | 'mysql' | 'approximate' | 'node-sql-parser';

/** Judges statement texts of one dialect. Synchronous: it lives in a worker, where somebody else watches the clock. */
export interface SqlEngine {
  readonly name: EngineName;
  /** Of the parser, as shown beside every verdict: `SQLite 3.53.4`, `PostgreSQL 18.1 (libpg-query)`. */
  readonly version: string;
  readonly dialect: Dialect;
  /** Judges by something that is not the database's own grammar nor measured against it. */
  readonly approximate: boolean;
  /** Never throws for a text; every statement in it is judged. */
  judge(source: string): SyntaxVerdict;
  /** Time to call `renew`, before the next text. */
  readonly worn?: boolean;
  /** To be awaited after a verdict `parser-limit`, before the next text: the parser may be damaged. */
  renew?(): Promise<void>;
  close(): void;
}

/** An engine that also gives the syntax tree, from which complexity is read. */
export interface SqlParser {
  features(source: string): Features | undefined;
}

/** Where the parsers' WebAssembly lies: `assets` beside the bundle, else the packages reached from `root`. */
export interface EngineAssets {
  /** A folder from which `node_modules` is found. */
  readonly root: string;
  /** A folder that holds the files themselves. */
  readonly assets?: string;
}

export interface EngineOptions {
  readonly dialect: Dialect;
  readonly engine: 'auto' | 'node-sql-parser';
  readonly sqlModes?: readonly SqlMode[];
  /** A text with more than one statement is invalid. */
  readonly singleStatement?: boolean;
  /** Ask node-sql-parser too and note whether it agrees. */
  readonly crossCheck?: boolean;
  /** SQLite only: DDL of the tables; with it, `namesResolve` is filled. */
  readonly schema?: string;
}

/** Processes that run queries on read-only databases: one query each at a time, killed and replaced at the deadline. */
export interface ExecutionPool {
  readonly execute: Execute;
  close(): Promise<void>;
}

export interface ExecutionOptions {
  /** Per query; 10 s by default. SQLite cannot be interrupted from within Node, a process can be killed. */
  readonly deadlineMs?: number;
  /** 2 by default. */
  readonly processes?: number;
  /** Resident bytes at which a process is killed; 512 MiB by default. */
  readonly residentMax?: number;
}

export interface EngineFacts {
  readonly name: EngineName;
  readonly version: string;
  readonly dialect: Dialect;
  readonly approximate: boolean;
}

/** A judge at work; texts in, verdicts out, in order. */
export interface Judge {
  readonly facts: EngineFacts;
  judge(texts: AsyncIterable<string> | Iterable<string>): AsyncIterable<JudgedText>;
  /** Structure of each text (complexity), `undefined` where no parser could read it. */
  features(texts: AsyncIterable<string> | Iterable<string>): AsyncIterable<Features | undefined>;
  close(): Promise<void>;
}

/** What stages call. */
export interface SqlEngines {
  /** Opens a judge; a dialect nobody can judge gives one whose every verdict is `unsupported-dialect`. */
  open(options: EngineOptions, signal: AbortSignal): Promise<Judge>;
  /** Child processes that run SELECTs on read-only SQLite databases. */
  openDatabases(options: ExecutionOptions, signal: AbortSignal): Promise<ExecutionPool>;
}

export const engines = slot<SqlEngines>('engines');

export type { JudgedText };
