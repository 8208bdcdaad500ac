import { z } from 'zod';
import { component } from '../../http/component.js';

let made: z.ZodType | undefined;

/** An answer that says only what has happened. */
export function messageAnswer(): z.ZodType {
  return (made ??= component(
    'AuthMessageResponse',
    z.strictObject({ message: z.string().meta({ description: 'For people.' }) }),
  ));
}
