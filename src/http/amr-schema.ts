import { z } from 'zod';

/** Names of authentication methods (RFC 8176), as an app says them. */
export const amrSchema = z
  .array(z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be visible ASCII without spaces'))
  .nonempty()
  .max(16)
  .readonly();
