import { z } from 'zod';

const components = z.registry<{ name: string }>();

/** Names a schema in the OpenAPI document: `#/components/schemas/AuthUser`. The prefix keeps an app's own `User` apart. */
export function component<Schema extends z.ZodType>(name: `Auth${string}`, schema: Schema): Schema {
  components.add(schema, { name });
  return schema;
}

/** Undefined for a schema that has no name: it is described where it is used. */
export function componentName(schema: z.core.$ZodType): string | undefined {
  return components.get(schema)?.name;
}
