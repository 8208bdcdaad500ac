import { z } from 'zod';
import { completed, componentName } from '../http/component.js';
import type { Operation } from '../http/operation.js';

type JsonSchema = Record<string, unknown>;
interface Components {
  readonly registry: ReturnType<typeof z.registry<{ id: string }>>;
  readonly byId: Map<string, z.core.$ZodType>;
}

const REFERENCE = '#/components/schemas/';

/** The JSON Schemas that these operations refer to: bodies, answers, and the parts that they share. */
export function componentSchemas(operations: readonly Operation[]): Record<string, JsonSchema> {
  const components = componentsOf(operations);
  const { schemas } = z.toJSONSchema(components.registry, {
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
      completed(components.byId.get(id) as z.core.$ZodType, schema),
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

function componentsOf(operations: readonly Operation[]): Components {
  const components: Components = { registry: z.registry(), byId: new Map() };
  for (const { body, success } of operations) {
    for (const root of [body?.schema, success.answer?.()]) if (root) addNamed(root, components);
  }
  return components;
}

/** Adds every named schema of this one, itself included. Generates a JSON Schema only because zod visits them all then. */
function addNamed(root: z.ZodType, { registry, byId }: Components): void {
  z.toJSONSchema(root, {
    ...DIALECT,
    override: ({ zodSchema }) => {
      const id = componentName(zodSchema);
      if (id === undefined || registry.has(zodSchema)) return;
      registry.add(zodSchema, { id });
      byId.set(id, zodSchema);
    },
  });
}
