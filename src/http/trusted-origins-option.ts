import { z } from 'zod';
import { kindOf } from '../utils/option-words.js';
import { isOrigin, ORIGIN_FORM } from './trusted-origins.js';

const origin = z.string().refine(isOrigin, {
  message: ORIGIN_FORM,
});

export const trustedOriginsSchema = z
  .union(
    [
      z.custom<(origin: string) => boolean>((value) => typeof value === 'function'),
      z.array(origin).readonly(),
    ],
    {
      error: ({ input }) =>
        Array.isArray(input) ? undefined : `must be a list of origins or a function, not ${kindOf(input)}`,
    },
  )
  .default([]);
