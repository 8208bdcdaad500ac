import type { z } from 'zod';

/** zod with all its languages is more than half of what an import of this package would load, so it is loaded at its first use. */
export function loadZod(): typeof z {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('zod') as { z: typeof z }).z;
}

/** A schema that is made at its first use, for files that `import 'passport-visa'` loads. */
export function lazySchema<Schema extends z.ZodType>(make: (zod: typeof z) => Schema): () => Schema {
  let schema: Schema | undefined;
  return () => (schema ??= make(loadZod()));
}
