import { MemoryRefreshTokenStore, MemoryUserStore, type AuthOptions } from '../../../src/index';
import { parseOptions } from '../../../src/config/parse-options';
import { ACCESS_SECRET, REFRESH_SECRET } from './app';

/** The required options, with changes named by their path: `{ 'cookies.secure': true }`. */
export function optionsWith(changes: Record<string, unknown> = {}): AuthOptions {
  const options = {
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
  };
  for (const [path, value] of Object.entries(changes)) {
    const members = path.split('.');
    let target: Record<string, unknown> = options;
    for (const member of members.slice(0, -1)) target = (target[member] ??= {}) as typeof target;
    target[members.at(-1) as string] = value;
  }
  return options;
}

/** The error that options with these changes cause. */
export function refusal(changes: Record<string, unknown>): Error {
  try {
    parseOptions(optionsWith(changes));
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected these options to be refused');
}
