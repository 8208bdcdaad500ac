import { z } from 'zod';
import { parseCall } from '../../utils/parse-call.js';

const optionsSchema = z.strictObject({
  clock: z.custom<() => number>((value) => typeof value === 'function', 'must be a function').optional(),
});

/** The options of both stores in memory. @throws TypeError that names the option */
export function checkedClockOption(store: string, options: unknown): z.output<typeof optionsSchema> {
  return parseCall(`new ${store}()`, optionsSchema, options);
}
