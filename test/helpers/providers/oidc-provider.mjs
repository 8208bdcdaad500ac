// A real OpenID Connect provider on loopback. It believes any name that is typed into its login form. Prints "listening" once it
// listens.
// @ts-expect-error -- it has no types of its own
import Provider from 'oidc-provider';

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, PORT } = process.env;
const provider = new Provider(`http://localhost:${PORT}`, {
  clients: [
    {
      client_id: String(CLIENT_ID),
      client_secret: String(CLIENT_SECRET),
      redirect_uris: [String(REDIRECT_URI)],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      require_auth_time: true,
    },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  pkce: { required: () => false },
  /** @param {unknown} _context @param {string} sub */
  findAccount: (_context, sub) => ({
    accountId: sub,
    claims: () => ({ sub, email: `${sub}@example.com`, email_verified: true }),
  }),
  cookies: { keys: ['a key for the cookies of a provider in a test'] },
});
provider.listen(Number(PORT), () => console.log('listening'));
