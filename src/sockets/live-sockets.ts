import { AuthError, isAuthError, serviceUnavailable } from '../errors.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { GuardChecks } from '../middleware/guard-options.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { Revocations } from '../sessions/revocations.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { AccessClaims } from '../tokens/access-token.js';
import type { SocketEndCode } from './socket-types.js';

/** How often all sockets are looked at: a token that has expired closes its sockets within a second. */
const LOOK_INTERVAL_MS = 500;
/** How long a client may take to answer the close, before its connection is cut off. */
const GRACE_MS = 2000;

/** How a library's sockets are closed. */
export interface SocketKind {
  isClosed(socket: object): boolean;
  /** Says why to a client that the close itself can't tell. Called for all sockets that end together, before any is closed. */
  tell?(socket: object, code: SocketEndCode): void;
  close(socket: object, code: SocketEndCode): void;
  cutOff(socket: object): void;
}

/** What the sockets of one `auth.upgrade` or `auth.socketIo` have in common. */
export interface SocketGuard {
  readonly kind: SocketKind;
  readonly checks: GuardChecks;
}

/** Who may connect. */
export interface Admission {
  readonly user: AuthenticatedUser;
  readonly claims: Pick<AccessClaims, 'userId' | 'sessionId' | 'expiresAt'>;
}

/** An open socket of a session. There may be many thousands, so it has no more than it needs. */
export interface LiveSocket {
  readonly socket: object;
  readonly guard: SocketGuard;
  /** The object that the app has too. A renewal changes it in place. */
  readonly user: AuthenticatedUser;
  readonly userId: string;
  readonly sessionId: string;
  /** In seconds since 1970. */
  expiresAt: number;
  endedWith: SocketEndCode | undefined;
}

interface LiveSocketServices {
  config: Pick<SessionConfig, 'now' | 'onStoreDown'>;
  accessTokens: AccessTokens;
  revocations: Pick<Revocations, 'onEnd' | 'assertCurrent'>;
}

/**
 * The open sockets of this process, by session. Closes them when their session ends in any process, when their token expires,
 * and with `onStoreDown: 'deny'` while it can't be known which sessions have ended. One timer looks at all of them, and runs
 * only while there are any.
 */
export class LiveSockets {
  readonly #services: LiveSocketServices;
  readonly #bySession = new Map<string, LiveSocket | Set<LiveSocket>>();
  readonly #bySocket = new WeakMap<object, LiveSocket | 'anonymous'>();
  /** When those that have been closed are cut off. */
  readonly #closing = new Map<LiveSocket, number>();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(services: LiveSocketServices) {
    this.#services = services;
    this.#stopListening = services.revocations.onEnd(({ userId, sessionId }) => {
      const ended = [...this.#of(sessionId)].filter((live) => live.userId === userId);
      this.#end(ended, 'SESSION_REVOKED');
    });
  }

  /** A socket that may connect. From now on `find` knows it, but until `add` others may still refuse it. */
  admit(socket: object, guard: SocketGuard, { user, claims }: Admission): LiveSocket {
    const { userId, sessionId, expiresAt } = claims;
    const live = {
      socket,
      guard,
      user,
      userId,
      sessionId,
      expiresAt: +expiresAt / 1000,
      endedWith: undefined,
    };
    this.#bySocket.set(socket, live);
    return live;
  }

  /** A socket that has connected. @throws AuthError if its session has ended or its token has expired since it was admitted */
  add(live: LiveSocket): void {
    this.assertMayStay(live);
    const { sessionId } = live;
    const others = this.#bySession.get(sessionId);
    if (others === undefined) this.#bySession.set(sessionId, live);
    else if (others instanceof Set) others.add(live);
    else this.#bySession.set(sessionId, new Set([others, live]));
    this.#look();
  }

  /** For a socket that `optional` let pass. */
  addAnonymous(socket: object): void {
    this.#bySocket.set(socket, 'anonymous');
  }

  /**
   * @param call as the developer writes it
   * @returns undefined for a socket that `optional` let pass
   * @throws TypeError for what is no guarded socket
   */
  find(call: string, socket: unknown): LiveSocket | undefined {
    const isObject = typeof socket === 'object' && socket !== null;
    const live = isObject ? this.#bySocket.get(socket) : undefined;
    if (live) return live === 'anonymous' ? undefined : live;
    throw new TypeError(
      `${call} needs a socket that this auth guards: one of socket.io behind io.use(auth.socketIo()), or a WebSocket behind auth.upgrade(webSocketServer)`,
    );
  }

  /** @returns undefined for a socket that none of our guards has admitted, or as anonymous */
  get(socket: object): LiveSocket | undefined {
    const live = this.#bySocket.get(socket);
    return live === 'anonymous' ? undefined : live;
  }

  /** @throws AuthError why the socket may not go on */
  assertMayStay(live: LiveSocket): void {
    const { config, accessTokens } = this.#services;
    const { endedWith, expiresAt, guard, userId, sessionId } = live;
    if (endedWith) throw new AuthError(endedWith);
    if (this.#isClosed) throw serviceUnavailable(new Error('auth.close() has been called'));
    if (expiresAt * 1000 <= config.now()) throw new AuthError('ACCESS_TOKEN_EXPIRED');
    accessTokens.assertNotRevoked(userId, sessionId, guard.checks.onStoreDown);
  }

  /** Closes all sockets: their sessions are followed no longer. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#end([...this.#all()], 'SERVICE_UNAVAILABLE');
  }

  *#of(sessionId: string): Iterable<LiveSocket> {
    const found = this.#bySession.get(sessionId);
    if (found instanceof Set) yield* found;
    else if (found) yield found;
  }

  *#all(): Iterable<LiveSocket> {
    for (const found of this.#bySession.values()) {
      if (found instanceof Set) yield* found;
      else yield found;
    }
  }

  #remove(live: LiveSocket): void {
    const found = this.#bySession.get(live.sessionId);
    if (found instanceof Set) found.delete(live);
    if (found === live || (found instanceof Set && found.size === 0)) this.#bySession.delete(live.sessionId);
  }

  #look(): void {
    this.#timer ??= setInterval(() => this.#lookNow(), LOOK_INTERVAL_MS).unref();
  }

  #lookNow(): void {
    const nowSeconds = this.#services.config.now() / 1000;
    const isStale = this.#isStale();
    const expired: LiveSocket[] = [];
    const denied: LiveSocket[] = [];
    for (const live of this.#all()) {
      if (live.guard.kind.isClosed(live.socket)) this.#remove(live);
      else if (live.expiresAt <= nowSeconds) expired.push(live);
      else if (isStale && this.#denies(live.guard)) denied.push(live);
    }
    this.#end(expired, 'ACCESS_TOKEN_EXPIRED');
    this.#end(denied, 'SERVICE_UNAVAILABLE');
    this.#cutOffLate();
    if (this.#bySession.size > 0 || this.#closing.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #isStale(): boolean {
    try {
      this.#services.revocations.assertCurrent();
      return false;
    } catch (error) {
      if (isAuthError(error, 'SERVICE_UNAVAILABLE')) return true;
      throw error;
    }
  }

  #denies({ checks }: SocketGuard): boolean {
    return (checks.onStoreDown ?? this.#services.config.onStoreDown) === 'deny';
  }

  #end(ended: readonly LiveSocket[], code: SocketEndCode): void {
    for (const live of ended) {
      live.endedWith = code;
      this.#remove(live);
      attempt(() => live.guard.kind.tell?.(live.socket, code));
    }
    const cutOffAt = performance.now() + GRACE_MS;
    for (const live of ended) {
      this.#closing.set(live, cutOffAt);
      attempt(() => live.guard.kind.close(live.socket, code));
    }
    if (ended.length > 0) this.#look();
  }

  #cutOffLate(): void {
    for (const [live, cutOffAt] of this.#closing) {
      const { socket, guard } = live;
      if (!guard.kind.isClosed(socket)) {
        if (performance.now() < cutOffAt) continue;
        attempt(() => guard.kind.cutOff(socket));
      }
      this.#closing.delete(live);
    }
  }
}

/** A close calls listeners of the app. One that throws must not keep the other sockets open. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    process.emitWarning(`A socket failed when it was closed: ${String(error)}`, 'PassportVisaWarning');
  }
}
