/** What a stage concluded. Anything but `passed` carries a stable code and a sentence for the reader. */
export type Verdict = { readonly kind: 'passed' } | { readonly kind: 'failed' | 'skipped' | 'incomparable'; readonly reason: Reason };

export interface Reason {
  /** Stable, kebab-case: scripts may rely on it. */
  readonly code: string;
  /** One sentence, ends with a full stop. */
  readonly text: string;
}

export const passed: Verdict = { kind: 'passed' };
export const failed = (code: string, text: string): Verdict => ({ kind: 'failed', reason: { code, text } });
export const skipped = (code: string, text: string): Verdict => ({ kind: 'skipped', reason: { code, text } });
export const incomparable = (code: string, text: string): Verdict => ({ kind: 'incomparable', reason: { code, text } });
