import { type Node, printNode } from './syntax.ts';

/** What a fitted function has learned; undefined when no training row had a value. */
export type Fit =
  | { readonly kind: 'number'; readonly value: number | undefined }
  | { readonly kind: 'groups'; readonly overall: number | undefined; readonly groups: ReadonlyMap<string, number> };

export type Fits = ReadonlyMap<string, Fit>;

/** The name under which a fitted call is kept: its own text, in one spelling. */
export const fitKey = (call: Extract<Node, { kind: 'call' }>): string => printNode(call);
