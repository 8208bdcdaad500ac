import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import type { NewOneTimeToken, OneTimeToken, OneTimeTokenStore } from '../stores/one-time-token-store.js';
import { digestOf } from '../utils/digest.js';

export const LIFETIME_SECONDS = 600;

export type MakeStore = () => OneTimeTokenStore | Promise<OneTimeTokenStore>;

/** The hash of a random token. */
export function randomHash(): string {
  return digestOf(randomBytes(32));
}

export function newToken(members: Partial<NewOneTimeToken> = {}): NewOneTimeToken {
  return {
    purpose: 'password-reset',
    subject: randomUUID(),
    hash: randomHash(),
    expiresInSeconds: LIFETIME_SECONDS,
    ...members,
  };
}

export async function created(
  store: OneTimeTokenStore,
  members: Partial<NewOneTimeToken> = {},
): Promise<NewOneTimeToken> {
  const token = newToken(members);
  await store.create(token);
  return token;
}

/** Asserts that the token was found, with the members that it was created with. */
export function assertIs(found: OneTimeToken | undefined, token: NewOneTimeToken, message?: string): void {
  const { purpose, subject, slot = '', hash, data } = token;
  const { expiresAt: _expiresAt, ...members } = found ?? {};
  assert.deepEqual({ data: undefined, ...members }, { purpose, subject, slot, hash, data }, message);
}

export async function isFound(store: OneTimeTokenStore, token: NewOneTimeToken): Promise<boolean> {
  return (await store.find(token.purpose, token.hash)) !== undefined;
}

/** The methods of a OneTimeTokenStore. */
export const METHODS = ['create', 'find', 'take', 'removeAll'] as const;
