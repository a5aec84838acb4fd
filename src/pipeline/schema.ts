import { fileSchema, type StageDeclarations } from './declaration.ts';
import { type JsonSchema, writtenSchema } from './shape.ts';

/**
 * JSON Schema (draft 2020-12) of the pipeline file: what editors complete and check with. It says what `resolve` says, but for rules
 * JSON Schema cannot express (a real time zone, a class among the classes, rules over several inputs of a stage).
 *
 * @param id where it is published, if it is.
 */
export function pipelineSchema(stages: StageDeclarations, id?: string): JsonSchema {
  const { $schema, ...schema } = writtenSchema(fileSchema(stages));
  return {
    $schema,
    ...(id !== undefined && { $id: id }),
    title: 'Retrain pipeline file',
    description: 'One model’s whole life: where its data comes from, how it is trained and judged, and who is told.',
    ...schema,
  } as JsonSchema;
}

/**
 * What keeps a schema from being usable for completion: a key without description, an optional one without default whose description does
 * not say what its absence means, a mapping open to misspelt keys. Each with its dotted path.
 */
export function schemaFaults(schema: JsonSchema, path = ''): string[] {
  const faults: string[] = [];
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    if (!property.description) faults.push(`${here}: no description`);
    else if (!schema.required?.includes(key) && property.default === undefined && !/\babsent\b|\bdefault\b/i.test(property.description)) {
      faults.push(`${here}: optional, but neither a default (for a transformed value: prefault) nor a word on what it means when absent`);
    }
    faults.push(...schemaFaults(property, here));
  }
  if (schema.properties !== undefined && schema.additionalProperties !== false) faults.push(`${path || 'the whole'}: takes unknown keys`);
  if (typeof schema.additionalProperties === 'object') faults.push(...schemaFaults(schema.additionalProperties, `${path}.<name>`));
  if (schema.items !== undefined) faults.push(...schemaFaults(schema.items, `${path}[]`));
  for (const option of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) faults.push(...schemaFaults(option, path));
  return faults;
}
