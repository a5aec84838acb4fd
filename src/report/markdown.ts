import type { Block, Cell, ReportDocument, Section, Tone } from './document.ts';
import { markdownBlock, markdownCell, markdownCode, markdownLink, markdownText } from './escape.ts';
import { count } from './numbers.ts';
import type { Run } from './run.ts';
import { reportDocument } from './sections.ts';

/** A comment of GitHub holds 65,536 characters; the margin is for what a poster adds (a marker, a link). */
export const COMMENT_BYTES_MAX = 65_000;
/** A step's summary holds 1 MiB: docs.github.com, "Adding a job summary". */
export const SUMMARY_BYTES_MAX = 1_000_000;

export interface MarkdownOptions {
  /** Shrinks in steps until it fits; unbounded by default. */
  readonly bytesMax?: number;
  /** Where the whole report is: an address, or words such as the name of an artifact. */
  readonly fullReport?: string;
}

/** The report as GitHub's Markdown. */
export function reportMarkdown(run: Run, options: MarkdownOptions = {}): string {
  const { bytesMax = Number.POSITIVE_INFINITY, fullReport } = options;
  const document = reportDocument(run);
  for (const [index, step] of STEPS.entries()) {
    const text = write(document, step, index === 0 ? undefined : shortened(fullReport));
    if (byteLength(text) <= bytesMax) return text;
  }
  return cutLines(write({ ...document, sections: [] }, LAST_STEP, shortened(fullReport)), bytesMax);
}

interface Step {
  readonly weights: readonly Section['weight'][];
  readonly rowsMax: number;
  readonly cellMax: number;
}

const ALL = ['essential', 'useful', 'detail'] as const;
const LAST_STEP: Step = { weights: ['essential'], rowsMax: 5, cellMax: 100 };
const STEPS: readonly Step[] = [
  { weights: ALL, rowsMax: 1_000, cellMax: 1_000 },
  { weights: ALL, rowsMax: 40, cellMax: 300 },
  { weights: ['essential', 'useful'], rowsMax: 40, cellMax: 300 },
  { weights: ['essential', 'useful'], rowsMax: 15, cellMax: 200 },
  { weights: ['essential'], rowsMax: 15, cellMax: 200 },
  LAST_STEP,
];

function shortened(fullReport: string | undefined): string {
  const where = fullReport === undefined ? 'report.html of this run' : markdownLink(fullReport, fullReport);
  return `_Shortened to fit here; everything is in the full report: ${where}_`;
}

const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength;

const TONE_MARKS: Readonly<Record<Tone, string>> = { good: '✅', bad: '❌', unsure: '⚠️' };

function write({ headline, title, facts, sections }: ReportDocument, step: Step, note: string | undefined): string {
  const model = title.slice(0, title.lastIndexOf(':'));
  const head = [
    `## ${TONE_MARKS[headline.tone]} ${markdownText(cut(model, step.cellMax))}: ${headline.word.toLowerCase()}`,
    `**${markdownText(cut(headline.sentence, 1_000))}**`,
    facts.map(([name, value]) => `${markdownCell(name)}: ${markdownCell(cut(value, 200))}`).join(' · '),
  ];
  const body = sections.filter(({ weight }) => step.weights.includes(weight)).map((section) => writeSection(section, step));
  return `${[...head, ...body, ...(note === undefined ? [] : [note])].filter((part) => part !== '').join('\n\n')}\n`;
}

function writeSection(section: Section, step: Step): string {
  const blocks = section.blocks.map((block) => writeBlock(block, step)).filter((text) => text !== '');
  if (blocks.length === 0) return '';
  const inside = blocks.join('\n\n');
  if (section.weight !== 'detail') return `### ${section.title}\n\n${inside}`;
  return `<details>\n<summary>${section.title}</summary>\n\n${inside}\n\n</details>`;
}

function writeBlock(block: Block, step: Step): string {
  switch (block.kind) {
    case 'text':
      return markdownText(cut(block.text, 2_000));
    case 'code':
      return markdownBlock(cut(block.text, 5_000), block.language);
    case 'links':
      return block.links.map(({ name, url }) => `- ${markdownLink(cut(name, 200), url)}`).join('\n');
    case 'table':
      return writeTable(block, step);
    case 'chart':
      return '';
  }
}

function writeTable({ caption, columns, rows, total }: Extract<Block, { kind: 'table' }>, { rowsMax, cellMax }: Step): string {
  const shown = rows.slice(0, rowsMax);
  const all = Math.max(total ?? rows.length, rows.length);
  const lines = [
    `**${markdownText(cut(caption, 200))}**`,
    '',
    line(columns.map(({ title }) => markdownCell(cut(title, 100)) || ' ')),
    line(columns.map(({ numeric }) => (numeric ? '--:' : ':--'))),
    ...shown.map((row) => line(columns.map((_, index) => writeCell(row[index], cellMax)))),
  ];
  if (shown.length < all) lines.push('', `_${count(shown.length)} of ${count(all)} rows._`);
  return lines.join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function writeCell(cell: Cell | undefined, cellMax: number): string {
  if (cell === undefined) return '';
  const text = cut(cell.text, cellMax);
  return cell.code ? markdownCode(text, true) : markdownCell(text);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

/** Whole lines while they fit. */
function cutLines(text: string, bytesMax: number): string {
  let kept = '';
  for (const each of text.split('\n')) {
    if (byteLength(kept) + byteLength(each) + 1 > bytesMax) break;
    kept += `${each}\n`;
  }
  return kept;
}
