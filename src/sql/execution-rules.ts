/** When two results are equal: by the rules of a public evaluator, or to the letter. */
export const EXECUTION_RULES = ['spider', 'bird', 'strict'] as const;
export type ExecutionRule = (typeof EXECUTION_RULES)[number];
