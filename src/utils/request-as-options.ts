/** Calls that make middleware for a route. */
const OF_ROUTES = [
  'guard()',
  'login()',
  'logout()',
  'register()',
  'changePassword()',
  'completeLogin()',
  'secondStep()',
];
const CURES: Readonly<Record<string, string>> = {
  'verify()': ': the options come second, as in verify(req, { optional: true })',
  'upgrade()': ': call it once at start, as in auth.upgrade(new WebSocketServer({ server }))',
  'socketIo()': ': call it where you add the middleware, as in io.use(auth.socketIo())',
  'createVerifier()': ': call it once at start, as in createVerifier({ jwks, issuer, audience })',
};

/**
 * Express and socket.io call a function with what has come, if it was handed over without a call: `app.use(auth.guard)`.
 * @param call the call as the developer writes it: `guard()`
 * @param owner whose call it is
 * @returns what is wrong and how to fix it, if these options are a request or a socket
 */
export function requestAsOptions(
  call: string,
  owner: 'auth' | 'verifier',
  options: unknown,
): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const what = 'httpVersion' in options ? 'a request' : isSocketIoSocket(options) ? 'a socket' : undefined;
  if (!what) return undefined;
  if (OF_ROUTES.includes(call))
    return `${call} got ${what}: call it where you add the route, as in app.use(${owner}.${call})`;
  return `${call} got ${what} in place of its options${CURES[call] ?? ''}`;
}

function isSocketIoSocket(options: object): boolean {
  return 'handshake' in options && 'nsp' in options;
}
