import type { SchemaElement } from 'hyparquet';
import { BadInput } from '../bad-input.ts';
import { numberText } from '../decimal.ts';
import type { ColumnType } from '../table.ts';
import { Damaged } from './damaged.ts';

/** A flat column of a Parquet file: how its values are stored and what they mean. */
export interface Leaf {
  readonly name: string;
  readonly physical: string;
  readonly byteLength: number;
  readonly optional: boolean;
  readonly type: ColumnType;
  /** Stored number → number of our table. */
  readonly factor: number;
  readonly divisor: number;
  readonly unsigned: boolean;
  readonly meaning: 'plain' | 'decimal' | 'uuid' | 'float16' | 'int96';
}

/** The columns of a file from its schema. Lists, structs and maps are refused (`nested-column`), and types that no table column can hold. */
export function leavesOf(file: string, schema: readonly SchemaElement[]): Leaf[] {
  const leaves: Leaf[] = [];
  for (const element of schema.slice(1)) {
    const nested = element.num_children !== undefined && element.num_children > 0;
    if (nested || element.repetition_type === 'REPEATED') {
      throw new BadInput(
        'nested-column',
        'the column holds lists, structs or maps; a table holds plain values.',
        { file, column: element.name },
        'Flatten it before writing, or leave the column out of the file.',
      );
    }
    leaves.push(leafOf(file, element));
  }
  return leaves;
}

function leafOf(file: string, element: SchemaElement): Leaf {
  const {
    name,
    type: physical = '',
    converted_type: converted,
    logical_type: logical,
    repetition_type: repetition,
    type_length: byteLength = 0,
  } = element;
  const base = {
    name,
    physical,
    byteLength,
    optional: repetition === 'OPTIONAL',
    factor: 1,
    divisor: 1,
    unsigned: false,
    meaning: 'plain' as const,
  };
  const kind = logical?.type;
  if (kind === 'DECIMAL' || converted === 'DECIMAL') {
    const scale = logical?.type === 'DECIMAL' ? logical.scale : (element.scale ?? 0);
    return { ...base, type: 'number', divisor: 10 ** scale, meaning: 'decimal' };
  }
  switch (physical) {
    case 'BOOLEAN':
      return { ...base, type: 'boolean' };
    case 'FLOAT':
    case 'DOUBLE':
      return { ...base, type: 'number' };
    case 'INT32':
      if (kind === 'DATE' || converted === 'DATE') return { ...base, type: 'date', factor: 86_400_000 };
      if (kind === 'TIME' || converted === 'TIME_MILLIS') break;
      return {
        ...base,
        type: 'integer',
        unsigned: converted?.startsWith('UINT') === true || (logical?.type === 'INTEGER' && !logical.isSigned),
      };
    case 'INT64':
      if (kind === 'TIME' || converted === 'TIME_MICROS') break;
      if (logical?.type === 'TIMESTAMP')
        return { ...base, type: 'timestamp', divisor: logical.unit === 'NANOS' ? 1e6 : logical.unit === 'MICROS' ? 1e3 : 1 };
      if (converted === 'TIMESTAMP_MILLIS') return { ...base, type: 'timestamp' };
      if (converted === 'TIMESTAMP_MICROS') return { ...base, type: 'timestamp', divisor: 1e3 };
      return { ...base, type: 'integer', unsigned: converted === 'UINT_64' || (logical?.type === 'INTEGER' && !logical.isSigned) };
    case 'INT96':
      return { ...base, type: 'timestamp', meaning: 'int96' };
    case 'BYTE_ARRAY':
      return { ...base, type: 'text' };
    case 'FIXED_LEN_BYTE_ARRAY':
      if (kind === 'UUID' && byteLength === 16) return { ...base, type: 'text', meaning: 'uuid' };
      if (kind === 'FLOAT16' && byteLength === 2) return { ...base, type: 'number', meaning: 'float16' };
      break;
  }
  throw new BadInput(
    'unsupported-parquet',
    `the column is of type ${[physical, kind ?? converted].filter(Boolean).join(' ')}, which a table cannot hold.`,
    { file, column: name },
    'Write it as a number, a timestamp or text.',
  );
}

/** Value of stored bytes for the rarer meanings: decimals in bytes, half floats, 96-bit timestamps. */
export function numberOfBytes({ meaning, divisor, name }: Leaf, bytes: Uint8Array): number {
  if (meaning === 'float16') return halfFloat(bytes[0] | (bytes[1] << 8));
  if (meaning === 'int96') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 12);
    return (view.getUint32(8, true) - 2_440_588) * 86_400_000 + Number(view.getBigUint64(0, true)) / 1e6;
  }
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  if (bytes.length > 0 && bytes[0] >= 128) value -= 1n << BigInt(8 * bytes.length);
  return decimalOf(value, divisor, name);
}

/** unscaled/10^scale, correctly rounded. */
export function decimalOf(unscaled: bigint, divisor: number, name: string): number {
  const value = Number(unscaled);
  if (BigInt.asIntN(54, unscaled) === unscaled && divisor <= 1e22) return value / divisor;
  const scale = Math.round(Math.log10(divisor));
  const read = Number(`${unscaled}e-${scale}`);
  if (!Number.isFinite(read)) throw new Damaged(`column ${name} holds a decimal beyond the range of doubles (${numberText(value)})`);
  return read;
}

function halfFloat(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
