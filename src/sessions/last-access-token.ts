import { CLOCK_TOLERANCE_SECONDS } from '../tokens/jwt.js';
import type { RefreshClaims } from '../tokens/refresh-token.js';
import type { SessionConfig } from './session-config.js';

type LifetimeConfig = Pick<SessionConfig, 'accessToken' | 'refreshToken' | 'now'>;

/** The earliest end of an access token that still verifies: servers' clocks differ a little. In milliseconds. */
export function earliestValidEnd({ now }: Pick<LifetimeConfig, 'now'>): number {
  return now() - CLOCK_TOLERANCE_SECONDS * 1000;
}

/**
 * Whether an access token that came with this refresh token, or with a replay of it, may still verify. If none can, there is nothing
 * to tell other processes about the end of its session. Without this, old tokens of ended sessions could fill the log of
 * revocations again and again.
 */
export function mayHaveAccessToken({ issuedAt }: RefreshClaims, config: LifetimeConfig): boolean {
  const { accessToken, refreshToken } = config;
  const lifetimeSeconds = refreshToken.reuseWindowSeconds + accessToken.expiresInSeconds;
  return issuedAt.getTime() + lifetimeSeconds * 1000 > earliestValidEnd(config);
}
