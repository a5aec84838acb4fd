import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import type { FitReport, Verb } from './backend.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import { fitReportSchema, type JobFacts, problemsOf } from './trainer-shapes.ts';

const FIT_BYTES_MAX = 64 * 1024 * 1024;
/** Single precision, some thousand classes. */
const SUM_TOLERANCE = 1e-4;
const MODEL_FILES_MAX = 10_000;
const TODO = 'Mend the trainer (docs/trainer-contract.md says what it must write), then run again.';

const broken = (code: string, message: string, cause?: unknown): UserError => new UserError(code, message, { todo: TODO, cause });

/**
 * Checks what a trainer wrote to `output`; returns the report of a fit. Throws `UserError` naming file, row, what was found and expected.
 * `part`: the rows that were to be predicted.
 */
export async function checkResults(verb: Verb, { output, part }: ResultPlace, job: JobFacts): Promise<FitReport | undefined> {
  if (verb === 'predict') {
    await checkPredictions(join(output, 'predictions.csv'), part ?? '', job);
    return undefined;
  }
  await checkModel(join(output, 'model'));
  const report = await readFitReport(output);
  if (report.algorithm !== job.algorithm) {
    throw broken('fit-report-invalid', `fit.json: algorithm: expected ${job.algorithm}, found ${report.algorithm}.`);
  }
  return report;
}

interface ResultPlace {
  readonly output: string;
  readonly part?: string;
}

/** `fit.json` of a fit, checked. */
export async function readFitReport(output: string): Promise<FitReport> {
  const path = join(output, 'fit.json');
  await using file = await openPlain(path, 'fit-report-missing');
  const { size } = await file.stat();
  if (size > FIT_BYTES_MAX) throw broken('fit-report-invalid', `fit.json: expected at most ${FIT_BYTES_MAX} bytes, found ${size}.`);
  let content: unknown;
  try {
    content = JSON.parse(await file.readFile('utf8'));
  } catch (error) {
    throw broken('fit-report-invalid', `fit.json: not JSON: ${error instanceof Error ? error.message : error}.`, error);
  }
  const parsed = fitReportSchema.safeParse(content);
  if (!parsed.success) throw broken('fit-report-invalid', `fit.json: ${problemsOf(parsed.error)}.`);
  return parsed.data;
}

/** The model's folder holds files and folders, at least one file with something in it, and no links. */
async function checkModel(folder: string): Promise<void> {
  const stats = await lstat(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') throw broken('model-missing', `The trainer ended well, but wrote no model: ${folder} does not exist.`);
    throw error;
  });
  if (!stats.isDirectory())
    throw broken('model-invalid', `${folder}: expected a folder, found ${stats.isSymbolicLink() ? 'a link' : 'a file'}.`);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > MODEL_FILES_MAX) throw broken('model-invalid', `${folder}: more than ${MODEL_FILES_MAX} files.`);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() && !entry.isDirectory()) {
      throw broken(
        'model-invalid',
        `${path}: a model holds files and folders only; found ${entry.isSymbolicLink() ? 'a link' : 'something else'}.`,
      );
    }
    if (entry.isFile()) bytes += (await lstat(path)).size;
  }
  if (bytes === 0)
    throw broken('model-missing', `${folder}: expected a model, found ${entries.length === 0 ? 'nothing' : 'empty files only'}.`);
}

/** One prediction for each row of the part, in its order, under its key; every number finite; probabilities in 0…1 that sum to 1. */
async function checkPredictions(path: string, partPath: string, job: JobFacts): Promise<void> {
  const name = 'predictions.csv';
  const classes = job.target?.classes ?? [];
  const expectedHeader = [job.key, 'predicted', ...classes.map((label) => `p:${label}`)];
  await using file = await openPlain(path, 'predictions-missing');
  await using part = await openPlain(partPath, 'part-missing');
  const found = csvRecords(file.createReadStream({ encoding: 'utf8', autoClose: false }), name);
  const rows = csvRecords(part.createReadStream({ encoding: 'utf8', autoClose: false }), partPath);

  const header: readonly string[] = (await found.next()).value?.fields ?? [];
  const sameHeader = header.length === expectedHeader.length && header.every((column, i) => column === expectedHeader[i]);
  // A regression job or one that names no classes leaves further columns to the trainer.
  const openHeader = classes.length === 0 && header[0] === job.key && header[1] === 'predicted';
  if (!sameHeader && !openHeader) {
    throw broken('predictions-invalid', `${name}: expected the columns ${list(expectedHeader)}, found ${list(header) || 'none'}.`);
  }
  const keyAt = ((await rows.next()).value?.fields ?? []).indexOf(job.key);
  if (keyAt < 0) throw new UserError('part-invalid', `${partPath}: expected a column ${JSON.stringify(job.key)}, found none.`);

  // SQL is judged later; here it is any text, an empty one too.
  const allowed = job.task === 'text-to-sql' ? 'text' : new Set(classes);
  for (let count = 0; ; count++) {
    const [given, expected] = [await found.next(), await rows.next()];
    if (given.done && expected.done) return;
    if (given.done || expected.done) {
      throw broken('predictions-incomplete', await rowCountMessage(name, count, given.done ? rows : found, given.done === true));
    }
    checkRecord(given.value, expected.value.fields[keyAt], header, allowed, name);
  }
}

async function rowCountMessage(name: string, common: number, longer: AsyncIterable<CsvRecord>, tooFew: boolean): Promise<string> {
  let more = 1;
  for await (const _ of longer) more++;
  const [expected, found] = tooFew ? [common + more, common] : [common, common + more];
  return `${name}: expected ${expected} rows, found ${found}.`;
}

function checkRecord(
  record: CsvRecord,
  key: string | undefined,
  header: readonly string[],
  labels: ReadonlySet<string> | 'text',
  name: string,
): void {
  const { fields, row } = record;
  const place = (column: number): string => `${name}, row ${row}, column ${JSON.stringify(header[column])}`;
  if (fields.length !== header.length) {
    throw broken('predictions-invalid', `${name}, row ${row}: expected ${header.length} fields, found ${fields.length}.`);
  }
  if (fields[0] !== key) throw broken('predictions-invalid', `${place(0)}: expected the key ${show(key)}, found ${show(fields[0])}.`);
  if (labels === 'text') return;
  if (labels.size === 0) {
    if (!isNumber(fields[1]!)) throw broken('predictions-invalid', `${place(1)}: expected a finite number, found ${show(fields[1])}.`);
    return;
  }
  if (!labels.has(fields[1]!)) {
    throw broken('predictions-invalid', `${place(1)}: expected one of ${list([...labels])}, found ${show(fields[1])}.`);
  }
  let sum = 0;
  for (let column = 2; column < fields.length; column++) {
    const value = Number(fields[column]);
    if (!isNumber(fields[column]!) || value < 0 || value > 1) {
      throw broken('predictions-invalid', `${place(column)}: expected a probability from 0 to 1, found ${show(fields[column])}.`);
    }
    sum += value;
  }
  if (Math.abs(sum - 1) > SUM_TOLERANCE) {
    throw broken('predictions-invalid', `${name}, row ${row}: expected probabilities that sum to 1, found a sum of ${sum.toPrecision(6)}.`);
  }
}

const isNumber = (text: string): boolean => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text));
const show = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 80));
const list = (names: readonly string[]): string =>
  names.slice(0, 12).map(show).join(', ') + (names.length > 12 ? `, … (${names.length} in all)` : '');

/** Opens a file that is one: no link, no device, no pipe that would never end. */
async function openPlain(path: string, missing: string) {
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw broken(missing, `The trainer ended well, but ${path} does not exist.`);
    if (codeOf(error) !== 'ELOOP') throw error;
  }
  throw broken('result-not-a-file', `${path}: expected a plain file, found a link or something else.`);
}
