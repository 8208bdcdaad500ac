import { z } from 'zod';
import { completed, componentName } from '../http/component.js';
import type { Operation } from '../http/operation.js';

type JsonSchema = Record<string, unknown>;
interface Components {
  readonly registry: ReturnType<typeof z.registry<{ id: string }>>;
  readonly byId: Map<string, z.core.$ZodType>;
}

const REFERENCE = '#/components/schemas/';

/** The answers of all routers have the same schemas, so each is described once. */
const described = new WeakMap<z.ZodType, Record<string, JsonSchema>>();

/** The JSON Schemas that these operations refer to: bodies, answers, and the parts that they share. */
export function componentSchemas(operations: readonly Operation[]): Record<string, JsonSchema> {
  const all: Record<string, JsonSchema> = {};
  for (const { body, success } of operations) {
    for (const root of [body?.schema, success.answer?.()]) {
      if (!root) continue;
      const schemas = described.get(root) ?? describeRoot(root);
      described.set(root, schemas);
      Object.assign(all, schemas);
    }
  }
  return all;
}

/** The JSON Schemas of this schema and of its parts that have names, by name. */
function describeRoot(root: z.ZodType): Record<string, JsonSchema> {
  const { registry, byId } = componentsOf(root);
  const { schemas } = z.toJSONSchema(registry, {
    ...DIALECT,
    uri: (id) => REFERENCE + id,
    override: ({ zodSchema, jsonSchema }) => {
      // In JSON, a Date is a text.
      if (zodSchema._zod.def.type === 'date')
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _uri, ...schema }]) => [
      id,
      completed(byId.get(id) as z.core.$ZodType, schema),
    ]),
  );
}

/** A reference to a schema that `componentSchemas` returns. @throws TypeError for a schema without a name */
export function schemaRef(schema: z.ZodType): JsonSchema {
  const name = componentName(schema);
  if (name === undefined) throw new TypeError('The schema of a body or an answer needs a name: component(…)');
  return { $ref: REFERENCE + name };
}

const DIALECT = { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' } as const;

/** This schema and its parts, as far as they have names. Generates a JSON Schema only because zod visits them all then. */
function componentsOf(root: z.ZodType): Components {
  const { registry, byId }: Components = { registry: z.registry(), byId: new Map() };
  z.toJSONSchema(root, {
    ...DIALECT,
    override: ({ zodSchema }) => {
      const id = componentName(zodSchema);
      if (id === undefined || registry.has(zodSchema)) return;
      registry.add(zodSchema, { id });
      byId.set(id, zodSchema);
    },
  });
  return { registry, byId };
}
