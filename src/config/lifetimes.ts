import type { AuthOptions } from './auth-options.js';

interface Lifetimes {
  accessToken: { expiresIn: number };
  refreshToken: { expiresIn: number; maxLifetime: number; reuseWindow: number };
}

/**
 * A lifetime that the app itself has set must fit into the one that limits it: otherwise it would be cut without a word. A
 * default that is too long just doesn't count.
 * @throws TypeError that names both options
 */
export function assertLifetimesFit(
  input: Pick<AuthOptions, 'accessToken' | 'refreshToken'>,
  { accessToken, refreshToken }: Lifetimes,
): void {
  const idle = ['refreshToken.expiresIn', refreshToken.expiresIn] as const;
  const longest = ['refreshToken.maxLifetime', refreshToken.maxLifetime] as const;
  const set = {
    'accessToken.expiresIn': [input.accessToken.expiresIn, accessToken.expiresIn, [idle, longest]],
    'refreshToken.expiresIn': [input.refreshToken.expiresIn, refreshToken.expiresIn, [longest]],
    'refreshToken.reuseWindow': [input.refreshToken.reuseWindow, refreshToken.reuseWindow, [idle, longest]],
  } as const;
  for (const [option, [given, seconds, limits]] of Object.entries(set)) {
    const limit = given === undefined ? undefined : limits.find(([, most]) => seconds > most);
    if (limit === undefined) continue;
    throw new TypeError(
      `${option} is longer than ${limit[0]} (${limit[1]} seconds), which ends the session first: shorten it, or set ${limit[0]} too`,
    );
  }
}
