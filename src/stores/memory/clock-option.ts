import { lazySchema } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    clock: z.custom<() => number>((value) => typeof value === 'function', 'must be a function').optional(),
  }),
);

/** The options of both stores in memory. @throws TypeError that names the option */
export function checkedClockOption(store: string, options: unknown): { clock?: (() => number) | undefined } {
  return parseCall(`new ${store}()`, optionsSchema(), options);
}
