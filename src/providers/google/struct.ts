import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';

type Struct = protos.google.protobuf.IStruct;
type Value = protos.google.protobuf.IValue;

/** JSON as Google's APIs take free-form data. `undefined` members are left out; a number that is none becomes its name. */
export function toStruct(plain: Readonly<Record<string, unknown>>): Struct {
  const fields: Record<string, Value> = {};
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) fields[name] = toValue(value);
  return { fields };
}

function toValue(value: unknown): Value {
  if (value === null || value === undefined) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'number') return Number.isFinite(value) ? { numberValue: value } : { stringValue: String(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  if (typeof value === 'object') return { structValue: toStruct(value as Readonly<Record<string, unknown>>) };
  return { stringValue: String(value) };
}

/** The JSON of a {@link Struct}. */
export function fromStruct(struct: Struct | null | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([name, value]) => [name, fromValue(value)]));
}

function fromValue({ stringValue, numberValue, boolValue, listValue, structValue }: Value): unknown {
  if (structValue) return fromStruct(structValue);
  if (listValue) return (listValue.values ?? []).map(fromValue);
  return stringValue ?? numberValue ?? boolValue ?? null;
}
