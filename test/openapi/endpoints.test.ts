import { generateKeyPairSync } from 'node:crypto';
import { createAuth, type AuthOptions } from '../../src';
import { optionsWith } from '../helpers/apps/options';

const ed25519 = generateKeyPairSync('ed25519');

/** The routes in the description and those that Express really has, as in `post /login`. */
function routesOf(options: AuthOptions): { described: string[]; routed: string[] } {
  const auth = createAuth(options);
  const described = Object.entries(auth.openapi().paths).flatMap(([path, item]) =>
    Object.keys(item).map((verb) => `${verb} ${path}`),
  );
  const routed = auth.router.stack.flatMap(({ route }) =>
    route ? route.stack.map(({ method }) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`) : [],
  );
  void auth.close();
  return { described: described.sort(), routed: routed.sort() };
}

describe('the description has exactly the endpoints of the router', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['by default', {}, 13],
    ['without the login', { login: false }, 12],
    ['without registration', { register: false }, 12],
    ['without the aliases', { getAliases: false }, 11],
    ['without both', { register: false, getAliases: false }, 10],
    ['with its own description', { openapi: true }, 14],
    [
      'with its public keys',
      { jwks: true, 'accessToken.algorithm': 'EdDSA', 'accessToken.secret': ed25519 },
      14,
    ],
    ['with everything else changed', { usernameField: 'email', onStoreDown: 'deny', limits: {} }, 13],
  ])('%s', (_case, changes, count) => {
    const { described, routed } = routesOf(optionsWith(changes));
    expect(described).toEqual(routed);
    expect(described).toHaveLength(count);
  });
});

describe('the description follows the options for', () => {
  const documentOf = (changes: Record<string, unknown>) => {
    const auth = createAuth(optionsWith(changes));
    void auth.close();
    return auth.openapi();
  };
  const statuses = (document: ReturnType<typeof documentOf>, path: string, verb = 'post') =>
    Object.keys((document.paths[path]?.[verb] as { responses: object }).responses);

  test('field names and the length of passwords', () => {
    const changes = { usernameField: 'email', passwordField: 'secret-word', 'password.minLength': 12 };
    const { schemas } = documentOf(changes).components;
    expect(schemas['AuthRegisterRequest']).toMatchObject({
      properties: { email: { maxLength: 254 }, 'secret-word': { minLength: 12, format: 'password' } },
      required: ['email', 'secret-word'],
    });
    expect(schemas['AuthPasswordRequest']).toMatchObject({ properties: { newPassword: { minLength: 12 } } });
    expect(schemas['AuthLoginRequest']).toMatchObject({ properties: { 'secret-word': { minLength: 1 } } });
  });

  test('cookie names', () => {
    const { securitySchemes } = documentOf({
      'cookies.accessName': 'a',
      'cookies.refreshName': 'r',
    }).components;
    expect(securitySchemes).toMatchObject({ accessCookie: { name: 'a' }, refreshCookie: { name: 'r' } });
  });

  test('passwords may get 429 even without limits, because the queue for hashing has a share for each address', () => {
    const limits = { username: false, address: false, register: false, password: false, logins: false };
    for (const path of ['/login', '/register', '/password'])
      expect(statuses(documentOf({ limits }), path)).toContain('429');
  });

  test('guards that deny in an outage', () => {
    expect(statuses(documentOf({}), '/check', 'get')).toEqual(['200', '401']);
    expect(statuses(documentOf({ onStoreDown: 'deny' }), '/check', 'get')).toEqual(['200', '401', '503']);
  });
});
