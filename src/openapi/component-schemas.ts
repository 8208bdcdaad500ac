import { z } from 'zod';
import type { AnswerSchemas, createAnswerSchemas } from '../http/answer-schemas.js';
import type { Bodies, BodySchemas } from '../http/body-schemas.js';
import type { Operation } from '../http/operation.js';

type JsonSchema = Record<string, unknown>;

/** As in `#/components/schemas/AuthLoginRequest`: a prefix, so that an app's own `User` stays its own. */
export const bodyName = (name: keyof Bodies): string => `Auth${capitalized(name)}Request`;
export const answerName = (name: keyof AnswerSchemas): string => `Auth${capitalized(name)}Response`;

/** The JSON Schemas of the bodies and answers of these operations, and of what several answers have in common. */
export function componentSchemas(
  operations: readonly Operation[],
  bodies: BodySchemas,
  { answers, parts }: ReturnType<typeof createAnswerSchemas>,
): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const { body, success } of operations) {
    if (body) registry.add(bodies[body.name], { id: bodyName(body.name) });
    if (success.answer) registry.add(answers[success.answer], { id: answerName(success.answer) });
  }
  registry.add(parts.user, { id: 'AuthUser' });
  registry.add(parts.authenticated, { id: 'AuthTokenUser' });
  registry.add(parts.session, { id: 'AuthSession' });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ zodSchema, jsonSchema }) => {
      // As JSON writes a Date.
      if (zodSchema._zod.def.type === 'date')
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _uri, ...schema }]) => [id, schema]),
  );
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
