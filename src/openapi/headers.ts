/** The headers that several answers have. An answer that lists a required one always has it. */
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

/** The schema of one `Set-Cookie` line. An answer has two of them, one for each cookie. */
export const SET_COOKIE = { schema: { type: 'string' } };
