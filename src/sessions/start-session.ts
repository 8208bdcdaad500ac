import { AuthError } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { NewSession } from '../stores/refresh-token-store.js';
import { afterChange, finishChange, isMarked, withoutMark } from '../stores/unfinished-change.js';
import { activeUser, inactiveReason, type StoredUser } from '../stores/user-store.js';
import type { PresentedTokens, Transport } from '../tokens/transport.js';
import type { SessionEnder } from './end-sessions.js';
import type { IssuedTokens, TokenIssuer } from './issue-tokens.js';
import type { Proof } from './proof.js';
import type { SessionConfig } from './session-config.js';
import { asStored, newSessionOf } from './new-session.js';
import { newSessionId } from './session-id.js';
import type { AskedClaims } from './asked-claims.js';
import type { TokenClaims } from './token-claims.js';
import type { TokenSize } from './token-size.js';

/** How a login comes about. */
export interface LoginDetails extends Proof {
  origin: RequestOrigin;
  remember: boolean;
  transport: Transport;
  /** The tokens of the session that this login replaces, which ends with it. Default: none. */
  replaced?: PresentedTokens | undefined;
  /** The request of the login and its response, for a check that answers it. Default: server code logs in, without a request. */
  request?: { readonly req: object; readonly res: object } | undefined;
  /** How the user has logged in, for checks, where `amr` doesn't say it. The session doesn't get it. Default: not known. */
  firstFactor?: readonly string[] | undefined;
  /** What a feature has proved beyond this login. Its own check recognises it by its class, so no app can make one. Default: nothing. */
  passed?: object | undefined;
  /** Whether the app trusts the `mfa` of `amr`, so no feature asks for a second factor. Default: no. */
  acceptMfa?: boolean | undefined;
}

/** A login as the checks before its session see it. */
export type CheckedLogin = Omit<LoginDetails, 'replaced'> & {
  /** Whether the session is stored, which makes this the second question. */
  readonly isStored: boolean;
};

/**
 * Called between the proof of a login and its session, and again when the session is stored, so that a change in between is not
 * missed. An error that it throws stops the login.
 */
export type BeforeSession = (user: StoredUser, login: CheckedLogin) => Promise<void>;

interface StarterServices {
  config: Pick<
    SessionConfig,
    'users' | 'refreshTokens' | 'refreshToken' | 'maxSessions' | 'storeUserAgent' | 'now' | 'timeKnown'
  >;
  events: AuthEvents;
  ender: SessionEnder;
  issuer: TokenIssuer;
  tokenSize: TokenSize;
  claims: TokenClaims;
  beforeSession: readonly BeforeSession[];
}

/** Turns a login into a session. Every login of this package comes through here. */
export class SessionStarter {
  readonly #services: StarterServices;

  constructor(services: StarterServices) {
    this.#services = services;
  }

  /**
   * The user whom a proof names by their id.
   * @param userId the id as a text
   * @param id the same as the proof has it: the store may have numbers, or objects
   * @throws AuthError INVALID_CREDENTIALS for an unknown or a disabled user
   */
  async findUser(userId: string, id: unknown, origin: RequestOrigin): Promise<StoredUser> {
    const { config, events } = this.#services;
    const found = await config.users.findById(id);
    const user = activeUser(found);
    if (user) return user;
    const reason = inactiveReason(found);
    events.announce('loginFailed', () => ({ username: found?.username, userId, reason, ...origin }));
    throw new AuthError('INVALID_CREDENTIALS');
  }

  /**
   * For a user who has just proved who they are.
   * @throws AuthError INVALID_CREDENTIALS when the user was deleted or disabled, or the password changed, meanwhile
   * @throws what a `beforeSession` or `askClaims` throws; TokenTooLongError. No session stays then
   */
  async start(proved: StoredUser, login: LoginDetails): Promise<IssuedTokens> {
    const { config, events, ender, issuer, tokenSize, claims, beforeSession } = this.#services;
    const { replaced, ...details } = login;
    await ask(beforeSession, proved, { ...details, isStored: false });
    const user = await this.#afterKilledChange(proved, login.origin);
    await config.timeKnown();
    const now = config.now();
    const newSession = newSessionOf(config, { ...login, userId: user.id, sessionId: newSessionId() }, now);
    tokenSize.assertTokenFits(user, newSession, login.transport);
    const { maxSessions } = config;
    await ender.ending(user.id, 'session-limit', login.origin, (onEnded) =>
      config.refreshTokens.create(newSession, { maxSessions, onEnded }),
    );
    const current = await this.#stillSame(user, newSession, login.origin);
    // Asked again: what changed since then either found the session and ended it, or is noticed now.
    await this.#orUndo(newSession, ask(beforeSession, current, { ...details, isStored: true }));
    const asked = claims.exist ? await this.#claimsOf(current, newSession, login.transport) : undefined;
    // This comes last because it can fail: a login that fails must leave the browser's old session alone.
    if (replaced) await this.#orUndo(newSession, ender.endByTokens(replaced, login.origin, 'new-login'));
    const { sessionId, amr } = newSession;
    events.announce('login', () => ({ userId: user.id, sessionId, amr, ...login.origin }));
    return issuer.issue(current, asStored(newSession), new Date(now), asked);
  }

  /** Ends the sessions that a change of the password has left, if its process was killed. */
  async #afterKilledChange(proved: StoredUser, origin: RequestOrigin): Promise<StoredUser> {
    if (!isMarked(proved.passwordHash)) return proved;
    const { config, ender } = this.#services;
    const current = await afterChange(config.users, proved);
    if (current && isMarked(current.passwordHash)) {
      await ender.revokeAll(current.id, {}, 'password-changed', origin);
      await finishChange(config.users, current);
    }
    // What was proved. If the old password is back, that is noticed when the session is stored.
    return { ...proved, passwordHash: withoutMark(proved.passwordHash) };
  }

  /** Asked when the session is stored: a change that comes later finds the session, and ends it. */
  async #claimsOf(
    user: StoredUser,
    session: NewSession,
    transport: Transport,
  ): Promise<AskedClaims | undefined> {
    try {
      return await this.#services.claims.fitting(user, session, transport);
    } catch (error) {
      // Awaited, because not the store has failed but the app.
      await this.#services.config.refreshTokens.revoke(user.id, session.sessionId).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Reads the user again after the session was created. A password change either finds that session and ends it, or is
   * noticed here.
   */
  async #stillSame(user: StoredUser, session: NewSession, origin: RequestOrigin): Promise<StoredUser> {
    const { config, events } = this.#services;
    const found = await this.#orUndo(session, config.users.findById(user.id));
    const current = activeUser(found);
    if (current && current.passwordHash === user.passwordHash) return current;
    await config.refreshTokens.revoke(user.id, session.sessionId);
    const { id: userId, username } = user;
    const reason = current ? 'password-changed' : inactiveReason(found);
    events.announce('loginFailed', () => ({ username, userId, reason, ...origin }));
    throw new AuthError('INVALID_CREDENTIALS');
  }

  /** Deletes the session when a later step of the login fails. Not awaited: the client already gets an error. */
  #orUndo<T>({ userId, sessionId }: NewSession, step: Promise<T>): Promise<T> {
    return step.catch((error: unknown) => {
      this.#services.config.refreshTokens.revoke(userId, sessionId).catch(() => undefined);
      throw error;
    });
  }
}

/** Copies: a check may not change who logs in, or how. */
async function ask(checks: readonly BeforeSession[], user: StoredUser, login: CheckedLogin): Promise<void> {
  for (const check of checks) await check({ ...user, roles: [...user.roles] }, { ...login });
}
