/** The headers that answers have in common; required ones come with every such answer. */
export const HEADERS = {
  AuthNoStore: {
    description: "Tokens and who they belong to are nobody else's to keep.",
    required: true,
    schema: { type: 'string', const: 'no-store' },
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

/** Two lines of it, one a cookie. */
export const SET_COOKIE = { schema: { type: 'string' } };
