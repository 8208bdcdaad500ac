import { z } from 'zod';

type JsonSchema = Record<string, unknown>;
/** Completes the JSON Schema of a component. */
type Complete = (described: JsonSchema) => JsonSchema;

const components = z.registry<{ name: string; complete: Complete | undefined }>();

/**
 * Names a schema in the OpenAPI document: `#/components/schemas/AuthUser`. The prefix keeps an app's own `User` apart.
 * @param complete called when the document is asked for, with what zod makes of the schema
 */
export function component<Schema extends z.ZodType>(
  name: `Auth${string}`,
  schema: Schema,
  complete?: Complete,
): Schema {
  components.add(schema, { name, complete });
  return schema;
}

/** Undefined for a schema that has no name: it is described where it is used. */
export function componentName(schema: z.core.$ZodType): string | undefined {
  return components.get(schema)?.name;
}

/** The JSON Schema of a named schema, with what zod doesn't know of it. */
export function completed(schema: z.core.$ZodType, described: JsonSchema): JsonSchema {
  return components.get(schema)?.complete?.(described) ?? described;
}
