import { KEYS_MAX_AGE_SECONDS, type Operation } from '../http/operation.js';

/** The headers that answers refer to. An answer that lists a required one always has it. */
const HEADERS = {
  AuthNoStore: {
    description: "Tokens and who they belong to are nobody else's to keep.",
    required: true,
    schema: { type: 'string', const: 'no-store' },
  },
  AuthNoCache: {
    description: 'A cache may keep it, and asks with `If-None-Match` whether it is current.',
    required: true,
    schema: { type: 'string', const: 'no-cache' },
  },
  AuthMaxAge: {
    description: 'A cache may use it for so many seconds without asking again.',
    required: true,
    schema: { type: 'string', const: `public, max-age=${KEYS_MAX_AGE_SECONDS}` },
  },
  AuthRetryAfter: {
    description: 'Seconds to wait before the same request is sent again.',
    required: true,
    schema: { type: 'integer', minimum: 1, examples: [2] },
  },
  AuthWwwAuthenticate: {
    description: 'The challenge of RFC 6750. It names an `error` only where a token was judged.',
    required: true,
    schema: {
      type: 'string',
      pattern: '^Bearer( |$)',
      examples: ['Bearer error="invalid_token", error_description="Access token expired"'],
    },
  },
};

/** The name of the header that says which caches may keep an answer. */
export function cacheHeaderOf(cache: Operation['success']['cache']): keyof typeof HEADERS {
  if (cache === undefined) return 'AuthNoStore';
  return cache === 'minutes' ? 'AuthMaxAge' : 'AuthNoCache';
}

/** A document has no header that none of its answers refers to. */
export function headersOf(operations: readonly Operation[]): Partial<typeof HEADERS> {
  const { AuthNoCache, AuthMaxAge, ...headers } = HEADERS;
  const has = (cache: Operation['success']['cache']) =>
    operations.some(({ success }) => success.cache === cache);
  return { ...headers, ...(has('revalidate') && { AuthNoCache }), ...(has('minutes') && { AuthMaxAge }) };
}

/** The schema of one `Set-Cookie` line. An answer has two of them, one for each cookie. */
export const SET_COOKIE = { schema: { type: 'string' } };
