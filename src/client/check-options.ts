import type { AuthClientOptions } from './auth-client.js';

const isFunction = (value: unknown) => typeof value === 'function';

/** What each option must be, if it is given. */
const RULES: Record<keyof AuthClientOptions, [rule: string, isMet: (value: never) => boolean]> = {
  baseUrl: [
    "must be a path that begins with '/', or a URL such as 'https://api.example.com/auth'",
    (value: unknown) => typeof value === 'string' && /^(\/(?!\/)|https?:\/\/|$)/i.test(value),
  ],
  transport: ["must be 'cookie' or 'bearer'", (value: unknown) => value === 'cookie' || value === 'bearer'],
  storage: [
    'must have the methods get, set and remove',
    (value: Record<string, unknown> | null) =>
      isFunction(value?.['get']) && isFunction(value?.['set']) && isFunction(value?.['remove']),
  ],
  fetch: ['must be a function', isFunction],
  reauthenticate: [
    'must be what stepUp() returns',
    (value: { around?: unknown } | null) => isFunction(value?.around),
  ],
};

/** @throws TypeError that names the option, and says what it must be */
export function checkOptions(options: AuthClientOptions): void {
  const given = { ...({ baseUrl: undefined } as object), ...options };
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.entries(RULES).find(([known]) => known === name)?.[1];
    if (!rule)
      throw new TypeError(
        `createAuthClient(): Unknown option ${name}: known are ${Object.keys(RULES).join(', ')}`,
      );
    const isLeftOut = value === undefined && name !== 'baseUrl';
    if (!isLeftOut && !rule[1](value as never)) throw new TypeError(`createAuthClient(): ${name} ${rule[0]}`);
  }
}

/** `'sessions'` would be an address beside the router, `'//host'` another server. @throws TypeError */
export function checkPath(path: unknown): void {
  if (typeof path !== 'string' || !/^\/(?!\/)/.test(path))
    throw new TypeError(`path must begin with one '/': '/sessions', not ${JSON.stringify(path)}`);
}
