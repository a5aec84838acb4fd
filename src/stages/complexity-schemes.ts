/** Where the label of complexity of a query comes from. */
export const COMPLEXITY_SCHEMES = ['column-or-structure', 'column', 'structure', 'spider'] as const;
export type ComplexityScheme = (typeof COMPLEXITY_SCHEMES)[number];
