/** What prepare-data found out about columns and classes, for the trainer. */
export interface Features {
  readonly key: string;
  readonly target: { readonly column: string; readonly classes?: readonly string[]; readonly positive?: string };
  readonly features: readonly { readonly name: string }[];
  /** Training rows. */
  readonly rows: number;
}
