import { z } from 'zod';
import { AuthError } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import { attemptOf } from '../http/idempotency-key.js';
import { originOf } from '../http/request-origin.js';
import type { Revocations } from '../sessions/revocations.js';
import type { SessionEndListener } from '../sessions/session-ends.js';
import { sessionTokens, type SessionTokens } from '../sessions/session-tokens.js';
import type { Sessions } from '../sessions/sessions.js';
import { MAX_USER_ID_LENGTH } from '../stores/max-user-id-length.js';
import type { Session } from '../stores/refresh-token-store.js';
import { textOfId } from '../stores/user-ids.js';
import { isKeepable } from '../utils/keepable-text.js';
import { kindOf } from '../utils/option-words.js';
import { parseCall } from '../utils/parse-call.js';
import { vouchedAmr, type LoginStops } from './second-factor-options.js';
import { loginShape, proofShape, type StartSessionOptions } from './start-session.js';

/** Where a request came from, as far as server code knows it: the session and the events keep it. */
export interface OriginOptions {
  /** The IP address. Default: none. */
  ip?: string | undefined;
  /** The `User-Agent`. Default: none. */
  userAgent?: string | undefined;
}

/** What `auth.sessions.start` takes. */
export type SessionStartOptions = Omit<StartSessionOptions, 'transport' | 'acceptMfa'> & OriginOptions;

/** What `auth.sessions.refresh` takes. */
export interface SessionRefreshOptions extends OriginOptions {
  /**
   * 1 to 128 visible characters that name this attempt. With the same key, the same token gives the same pair again, however late
   * the repeat comes. Default: none, and a repeat must come within `refreshToken.reuseWindow`.
   */
  idempotencyKey?: string | undefined;
}

/**
 * Sessions for server code: an admin page, a job, a resolver of GraphQL. Ids of users may be texts, whole numbers or id objects.
 * Arguments of another kind are a TypeError.
 */
export interface ServerSessions {
  /**
   * Starts a session for a user who has proved who they are, without a request. With the feature `secondFactor` it leaves `mfa` out of
   * `amr`: that feature alone says it.
   * @throws AuthError INVALID_CREDENTIALS for an unknown or a disabled user; SERVICE_UNAVAILABLE
   */
  start(userId: string, options?: SessionStartOptions): Promise<SessionTokens>;
  /**
   * Exchanges a refresh token for the next pair, as POST /refresh does.
   * @throws AuthError with the codes of POST /refresh; VALIDATION_FAILED for a bad `idempotencyKey`
   */
  refresh(refreshToken: string, options?: SessionRefreshOptions): Promise<SessionTokens>;
  /**
   * Ends the session that a refresh or an access token names, even an expired one.
   * @returns whether there was such a session: false for a text that is no token of this app
   */
  end(token: string, options?: OriginOptions): Promise<boolean>;
  /**
   * The user's sessions, the one used last first. Times are exact: don't show users `rotatedAt` and `expiresAt` finer than the
   * hour, as GET /sessions doesn't, because they tell a thief when to follow.
   */
  list(userId: string): Promise<Session[]>;
  /** Ends one session. @returns whether there was such a session of this user */
  revoke(userId: string, sessionId: string): Promise<boolean>;
  /** Ends every session of the user but `except`. @returns the ids that ended */
  revokeAll(userId: string, options?: { except?: string | undefined }): Promise<string[]>;
  /**
   * Calls the listener when a session ends in any process, once for each session, for what must end with it: a stream, a job, a
   * cached permission. Not when a session expires. It may also be called for sessions that ended before it was added, at most
   * as long ago as access tokens live. With `revocation: 'expiry'` it is called only for sessions that this process has ended.
   * @returns a function that ends it
   */
  onEnd(listener: SessionEndListener): () => void;
}

export const originShape = { ip: z.string().optional(), userAgent: z.string().optional() };
const { remember } = loginShape;
const startSchema = z.strictObject({ ...proofShape, ...originShape, remember });
const refreshSchema = z.strictObject({ ...originShape, idempotencyKey: z.string().optional() });
const endSchema = z.strictObject(originShape);
const exceptSchema = z.strictObject({ except: z.unknown().optional() });

interface ServerSessionsServices extends LoginStops {
  sessions: Pick<
    Sessions,
    'findUser' | 'start' | 'refresh' | 'endByTokens' | 'list' | 'revoke' | 'revokeAll'
  >;
  revocations: Pick<Revocations, 'onEnd'>;
}

/**
 * Judges the arguments before any store does. By themselves stores differ: what is an id to one is none to another, and a
 * session would go on in one of them only.
 */
export function createServerSessions(services: ServerSessionsServices): ServerSessions {
  const { sessions, revocations } = services;
  return {
    async start(userId, options = {}) {
      const { ip, userAgent, ...login } = parseCall('sessions.start()', startSchema, options);
      const origin = originFrom({ ip, userAgent });
      const user = await sessions.findUser(userIdOf('start', userId), userId, origin);
      const amr = vouchedAmr(login, services);
      return sessionTokens(await sessions.start(user, { ...login, amr, transport: 'body', origin }));
    },
    async refresh(refreshToken, options = {}) {
      const { idempotencyKey, ...from } = parseCall('sessions.refresh()', refreshSchema, options);
      if (tokenOf('refresh', 'refreshToken', refreshToken) === '') throw new AuthError('NO_REFRESH_TOKEN');
      const attempt = attemptOf(idempotencyKey);
      const origin = () => originFrom(from);
      return sessionTokens(await sessions.refresh(refreshToken, { attempt, origin, transport: 'body' }));
    },
    async end(token, options = {}) {
      const origin = originFrom(parseCall('sessions.end()', endSchema, options));
      const tokens = [tokenOf('end', 'token', token)];
      return sessions.endByTokens({ refreshTokens: tokens, accessTokens: tokens }, origin);
    },
    async list(userId) {
      return sessions.list(userIdOf('list', userId));
    },
    async revoke(userId, sessionId) {
      return sessions.revoke(userIdOf('revoke', userId), idOf('revoke', 'sessionId', sessionId));
    },
    async revokeAll(userId, options = {}) {
      const { except } = parseCall('sessions.revokeAll()', exceptSchema, options);
      const kept = except === undefined ? {} : { except: idOf('revokeAll', 'options.except', except) };
      return sessions.revokeAll(userIdOf('revokeAll', userId), kept);
    },
    onEnd(listener) {
      if (typeof listener !== 'function')
        throw new TypeError(
          `sessions.onEnd(): listener must be a function that gets { userId, sessionId, reason }, not ${kindOf(listener)}`,
        );
      return revocations.onEnd(listener);
    },
  };
}

/** As it is read from a request. */
export function originFrom({ ip, userAgent }: OriginOptions): RequestOrigin {
  return originOf({ ip, headers: userAgent === undefined ? {} : { 'user-agent': userAgent } });
}

function tokenOf(method: string, member: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`sessions.${method}(): ${member} must be the text of a token, not ${kindOf(value)}`);
}

/** Tokens and sessions have the id of a user as a text, whatever kind of id the app's own table has. */
function userIdOf(method: string, value: unknown): string {
  return idOf(method, 'userId', textOfId(value) ?? value);
}

function idOf(method: string, member: string, value: unknown): string {
  if (isKeepable(value) && value !== '' && value.length <= MAX_USER_ID_LENGTH) return value;
  throw new TypeError(
    `sessions.${method}(): ${member} must be a text of 1 to ${MAX_USER_ID_LENGTH} characters without NUL and lone surrogates, not ${kindOf(value)}`,
  );
}
