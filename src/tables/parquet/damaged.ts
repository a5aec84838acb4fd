/** The bytes are not the Parquet file they say they are, or use a part of the format that is not read; the part adds file and column. */
export class Damaged extends Error {
  readonly code: 'bad-parquet' | 'unsupported-parquet';
  constructor(message: string, code: 'bad-parquet' | 'unsupported-parquet' = 'bad-parquet') {
    super(message);
    this.code = code;
  }
}
