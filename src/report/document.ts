/*
 * A report before it has a form: sections of blocks, all texts still plain. Markdown and HTML are two ways to write it down, and the only
 * places where anything is escaped.
 */
export type Tone = 'good' | 'bad' | 'unsure';

/** A value between its bounds, drawn beside the figure where the target can draw; all marks of one column share `from` and `to`. */
export interface Mark {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** A value to compare with: a threshold, zero, the champion. */
  readonly reference?: number;
  readonly from: number;
  readonly to: number;
}

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
  readonly mark?: Mark;
  readonly code?: boolean;
}

export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

export type Chart =
  | {
      readonly kind: 'lines';
      readonly title: string;
      readonly x: string;
      readonly y: string;
      readonly series: readonly { readonly name: string; readonly x: readonly number[]; readonly y: readonly number[] }[];
      /** The line from (0, 0) to (1, 1): chance for ROC, perfection for calibration. */
      readonly diagonal?: string;
      /** Both axes run from 0 to 1. */
      readonly unit?: boolean;
    }
  | {
      readonly kind: 'bars';
      readonly title: string;
      readonly unit: string;
      readonly bars: readonly { readonly name: string; readonly value: number; readonly tone?: Tone }[];
      readonly limit?: number;
    }
  | {
      readonly kind: 'gantt';
      readonly title: string;
      readonly spans: readonly { readonly name: string; readonly from: number; readonly seconds: number; readonly tone?: Tone }[];
    };

export type Block =
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone }
  | {
      readonly kind: 'table';
      readonly caption: string;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Cell[])[];
      readonly total?: number;
    }
  | { readonly kind: 'chart'; readonly chart: Chart }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'links'; readonly links: readonly { readonly name: string; readonly url: string }[] };

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What goes first when space is short: `detail`, then `useful`; `essential` stays. */
  readonly weight: 'essential' | 'useful' | 'detail';
  readonly blocks: readonly Block[];
}

export interface ReportDocument {
  readonly title: string;
  readonly headline: { readonly tone: Tone; readonly word: string; readonly sentence: string };
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
}

export const cell = (text: string, more: Omit<Cell, 'text'> = {}): Cell => ({ text, ...more });

/** Columns of a table by their titles; `#` before one marks numbers. */
export const columnsOf = (...titles: readonly string[]): readonly Column[] =>
  titles.map((title) => ({ title: title.replace(/^#/, ''), numeric: title.startsWith('#') }));
