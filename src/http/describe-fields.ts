import { z } from 'zod';
import type { StandardSchemaV1 } from '../utils/standard-schema.js';

type Json = Record<string, unknown>;

/** Standard JSON Schema (https://standardschema.dev/json-schema), which newer versions of zod and others offer. */
interface StandardJsonSchema {
  readonly input: (options: { target: string; libraryOptions?: Json }) => unknown;
}

/** Loose schemas say so in one of these ways. */
const isOpen = (additional: unknown) => additional === true || isEmptyObject(additional);

/**
 * Adds the further members of a registration to the JSON Schema of its body. If the app's schema offers no JSON Schema of an
 * object, or one with definitions beside it, any further member is allowed.
 */
export function withFurtherMembers(body: Json, schema: StandardSchemaV1): Json {
  const { type, properties, required, additionalProperties, $defs, definitions } = jsonSchemaOf(schema) ?? {};
  if (type !== 'object' || $defs !== undefined || definitions !== undefined)
    return { ...body, additionalProperties: true };
  const own = body['properties'] as Json;
  const names = [...(body['required'] as string[]), ...((required as string[] | undefined) ?? [])];
  return {
    ...body,
    properties: { ...(properties as Json | undefined), ...own },
    required: [...new Set(names)],
    additionalProperties: isOpen(additionalProperties),
  };
}

function jsonSchemaOf(schema: StandardSchemaV1): Json | undefined {
  const { vendor, jsonSchema } = schema['~standard'] as StandardSchemaV1['~standard'] & {
    jsonSchema?: Partial<StandardJsonSchema>;
  };
  const isZod = vendor === 'zod';
  try {
    if (typeof jsonSchema?.input === 'function') {
      const libraryOptions = { unrepresentable: 'any' };
      return jsonSchema.input({ target: 'draft-2020-12', ...(isZod && { libraryOptions }) }) as Json;
    }
    // zod 4 before it knew Standard JSON Schema.
    if (isZod && '_zod' in schema)
      return z.toJSONSchema(schema as unknown as z.ZodType, { io: 'input', unrepresentable: 'any' });
  } catch {
    // What JSON Schema can't express stays undescribed.
  }
  return undefined;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
