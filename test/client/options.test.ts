import { createAuthClient, type AuthClientOptions } from '../../src/client/index';

const make = (options: unknown) => () => createAuthClient(options as AuthClientOptions);
const storage = { get: () => undefined, set: () => undefined, remove: () => undefined };

test.each<[what: string, options: unknown, message: string]>([
  ['no options', undefined, 'createAuthClient(): baseUrl must be a path'],
  ['no baseUrl', {}, 'createAuthClient(): baseUrl must be a path'],
  ['a baseUrl without a slash', { baseUrl: 'auth' }, "baseUrl must be a path that begins with '/'"],
  ['a baseUrl that is another host by mistake', { baseUrl: '//auth' }, 'baseUrl must be a path'],
  ['a baseUrl that is no text', { baseUrl: new URL('https://api.example.com/auth') }, 'baseUrl must be'],
  [
    'the transport of the server',
    { baseUrl: '/auth', transport: 'body' },
    "transport must be 'cookie' or 'bearer'",
  ],
  [
    'localStorage as storage',
    { baseUrl: '/auth', storage: { getItem: () => null } },
    'methods get, set and remove',
  ],
  ['a storage of null', { baseUrl: '/auth', storage: null }, 'methods get, set and remove'],
  [
    'a reauthenticate that is a plain function',
    { baseUrl: '/auth', reauthenticate: () => Promise.resolve({}) },
    'reauthenticate must be what stepUp() returns',
  ],
  ['a fetch that is no function', { baseUrl: '/auth', fetch: {} }, 'fetch must be a function'],
  [
    'a misspelt option',
    { baseURL: '/auth', baseUrl: '/auth' },
    'Unknown option baseURL: known are baseUrl, transport, storage, fetch, reauthenticate',
  ],
  ['an unknown option of null', { baseUrl: '/auth', toString: null }, 'Unknown option toString'],
])('createAuthClient refuses %s', (_what, options, message) => {
  expect(make(options)).toThrow(TypeError);
  expect(make(options)).toThrow(message);
});

test.each([['/auth'], ['/auth/'], [''], ['https://api.example.com/auth'], ['HTTP://localhost:3000/auth']])(
  'createAuthClient accepts the baseUrl %j, and options that are undefined',
  (baseUrl) => {
    make({ baseUrl, transport: undefined, storage: undefined, fetch: undefined })().close();
    make({ baseUrl, transport: 'bearer', storage, fetch })().close();
  },
);

test('a path without a slash, or with two, rejects with a TypeError and sends nothing', async () => {
  const send = jest.fn();
  const client = createAuthClient({ baseUrl: 'https://api.example.com/auth', fetch: send });
  for (const path of ['sessions', '', '//evil.example.com/x', undefined]) {
    await expect(client.call('GET', path as string)).rejects.toThrow("path must begin with one '/'");
    if (path !== undefined)
      await expect(client.login({ username: 'ann' }, path)).rejects.toThrow("path must begin with one '/'");
  }
  expect(send).not.toHaveBeenCalled();
  client.close();
});

test('onChange refuses a listener that is no function', () => {
  const client = createAuthClient({ baseUrl: '/auth' });
  expect(() => client.onChange('login' as never)).toThrow('onChange(): the listener must be a function');
  client.close();
});
