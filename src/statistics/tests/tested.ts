import type { NotComputable } from '../estimate.ts';

/** Outcome of a test. `df` where the test has degrees of freedom, `method` says how p was found. */
export interface TestResult {
  readonly statistic: number;
  readonly p: number;
  readonly df?: number;
  readonly method?: string;
}

/** A test or the reason why there is none. */
export type Tested<Result extends TestResult = TestResult> = Result | { readonly notComputable: NotComputable; readonly n: number };

/** Whether a test could be made, and not only the reason why not. */
export const isTested = <Result extends TestResult>(tested: Tested<Result>): tested is Result => 'p' in tested;

export type Alternative = 'two-sided' | 'less' | 'greater';
