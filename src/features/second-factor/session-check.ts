import type { Request, Response } from 'express';
import { AuthError } from '../../errors.js';
import { newSecret } from '../../http/new-secret.js';
import { en } from '../../messages/en.js';
import type { BeforeSession, CheckedLogin } from '../../sessions/start-session.js';
import type { StoredUser } from '../../stores/user-store.js';
import { CHALLENGE_SECONDS, challengeRefused, type Challenge } from './challenges.js';
import { MultiFactorLogin } from '../multi-factor-login.js';
import type { ProofName, UserFactors } from './factors.js';
import type { FactorServices } from './services.js';

/**
 * What lets a login pass this check: a second factor that was right for this user. Only this feature makes one, so neither an app nor
 * the `amr` of a provider takes its place.
 */
export class PassedFactor {
  readonly #challenge: Pick<Challenge, 'userId' | 'hash'>;
  readonly #name: ProofName;

  constructor(challenge: Pick<Challenge, 'userId' | 'hash'>, name: ProofName) {
    this.#challenge = challenge;
    this.#name = name;
  }

  isOf(user: StoredUser): boolean {
    return this.#challenge.userId === user.id;
  }

  /**
   * Called when the session is stored. A factor that has been removed since either ended that session, or is noticed here. Of parallel
   * logins with one challenge, one goes on.
   * @throws AuthError FLOW_STATE_INVALID
   */
  async confirm(services: FactorServices, { origin }: CheckedLogin): Promise<void> {
    const { challenges, factors } = services;
    const isThere = (await factors.of(this.#challenge.userId)).has(this.#name);
    if (!isThere || !(await challenges.take(this.#challenge)))
      throw challengeRefused(services, isThere ? 'taken' : 'unknown', origin);
  }
}

/**
 * The kinds of second factor that a user has and this process takes. A passkey is one of them only with the feature that proves it: a
 * deployment may be half-way, or may have left it out.
 */
function kindsFor(
  { others }: Pick<FactorServices, 'others'>,
  { all, recoveryCodesLeft }: UserFactors,
): string[] {
  const taken = others.factor() ? (['passkey', 'totp'] as const) : (['totp'] as const);
  const kinds = taken.filter((kind) => all.some((factor) => factor.kind === kind));
  return [...kinds, ...(recoveryCodesLeft > 0 ? ['recovery-code'] : [])];
}

/**
 * Stops the login of a user who has a second factor, unless the login has passed it. Where there is a request, its browser or client
 * gets a challenge, with which it can make the second step.
 */
export function createSessionCheck(services: FactorServices): BeforeSession {
  return async function requireSecondFactor(user, login) {
    const { isStored, passed } = login;
    if (passed instanceof PassedFactor && passed.isOf(user)) {
      if (isStored) await passed.confirm(services, login);
      return;
    }
    // The feature that has made it confirms it.
    if (passed instanceof MultiFactorLogin && passed.isOf(user)) return;
    // The app trusts the provider that has checked it.
    if (login.acceptMfa && login.amr?.includes('mfa')) return;
    const factors = await services.factors.of(user.id);
    if (factors.all.length === 0) return;
    if (await comesFromTrustedDevice(services, user, factors, login)) return;
    const challenge = login.request && (await begin(services, user, login));
    const kinds = kindsFor(services, factors);
    throw new AuthError('SECOND_FACTOR_REQUIRED', {
      factors: kinds,
      ...(challenge !== undefined && { challenge }),
      ...(kinds.length === 0 && { text: { key: 'noFactorTaken', english: en.noFactorTaken } }),
    });
  };
}

/** Asked again when the session is stored, so a device that ends in between is noticed. */
async function comesFromTrustedDevice(
  { config, devices: trusted }: FactorServices,
  user: StoredUser,
  { all, devices }: UserFactors,
  { request, transport }: CheckedLogin,
): Promise<boolean> {
  if (!trusted || !request || transport !== 'cookie' || devices.length === 0) return false;
  await config.timeKnown();
  return trusted.isTrusted((request as { req: Request }).req, devices, { user, all, now: config.now() });
}

/** @returns what a client without cookies sends back */
async function begin(
  { browser, challenges }: FactorServices,
  user: StoredUser,
  { amr, authTime, firstFactor, remember, request, transport }: CheckedLogin,
): Promise<string | undefined> {
  const { res } = request as { req: Request; res: Response };
  // A new one each time: a secret that the browser brings may have been planted.
  const secret = newSecret();
  await challenges.create(user, secret, {
    transport,
    remember,
    amr: amr ?? firstFactor ?? [],
    ...(authTime && { authTime: authTime.getTime() }),
  });
  if (transport === 'body') return secret;
  // The app may have answered meanwhile.
  if (!res.headersSent) browser.keep(res, secret, CHALLENGE_SECONDS);
  return undefined;
}
