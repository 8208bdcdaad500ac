import { z } from 'zod';
import type { ErrorBody, ErrorBodyConfig } from './error-body.js';

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(; ?charset=utf-8)?$/i;

const aFunction = z.custom<ErrorBody>((value) => typeof value === 'function', 'must be a function');

export const errorBodySchema = z
  .union(
    [
      aFunction,
      z.strictObject({
        body: aFunction,
        contentType: z
          .string()
          .regex(
            MEDIA_TYPE,
            "must be a media type such as 'application/problem+json', with no parameter but charset=utf-8",
          )
          .optional(),
        schema: z.record(z.string(), z.unknown()).optional(),
      }),
    ],
    'must be a function, or { body: a function, contentType?: a media type, schema?: a JSON Schema }',
  )
  .optional()
  .transform((option): ErrorBodyConfig | undefined => {
    if (option === undefined) return undefined;
    const {
      body,
      contentType = 'application/json',
      schema = {},
    } = typeof option === 'function' ? { body: option } : option;
    return Object.freeze({ body, contentType, schema });
  });
