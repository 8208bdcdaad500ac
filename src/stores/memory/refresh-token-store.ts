import type {
  CreateOptions,
  NewSession,
  RaiseRequest,
  RaiseResult,
  RefreshTokenStore,
  RotateRequest,
  RotateResult,
  Session,
} from '../refresh-token-store.js';
import type { OneTimeTokenStore } from '../one-time-token-store.js';
import type { Revocation, RevocationFeed, RevocationFollower } from '../revocation-feed.js';
import { decideRaise, decideRotation, type KeptSession, type Origins } from '../decide-rotation.js';
import { checkedClockOption } from './clock-option.js';
import { MemoryOneTimeTokens } from './one-time-tokens.js';

/** Sessions in the memory of one process, for tests and for trying things out. A restart logs everyone out. */
export class MemoryRefreshTokenStore implements RefreshTokenStore {
  readonly #sessionsByUser = new Map<string, Map<string, Session>>();
  readonly #followers = new Set<RevocationFollower>();
  readonly #log: (Revocation & { at: number })[] = [];
  readonly #now: () => number;
  readonly #oneTimeTokens: OneTimeTokenStore;
  readonly #origins = new WeakMap<Session, Origins>();

  /**
   * @param options.clock returns milliseconds since 1970. Pass the same `clock` as to `createAuth`, if you set one there.
   * Default: `Date.now`
   */
  constructor(options: { clock?: () => number } = {}) {
    this.#now = checkedClockOption('MemoryRefreshTokenStore', options).clock ?? Date.now;
    this.#oneTimeTokens = new MemoryOneTimeTokens(this.#now);
  }

  create(session: NewSession, { maxSessions = Infinity }: CreateOptions = {}): Promise<string[]> {
    const { userId, sessionId } = session;
    const ofUser = this.#liveSessions(userId, this.#now());
    const ended = [...ofUser.values()]
      .filter((other) => other.sessionId !== sessionId)
      .sort(latestFirst)
      .slice(maxSessions - 1)
      .map((other) => other.sessionId);
    this.#end(userId, ofUser, ended);
    ofUser.set(sessionId, { ...session, generation: 0, rotatedAt: session.createdAt });
    this.#sessionsByUser.set(userId, ofUser);
    return Promise.resolve(ended);
  }

  rotate(request: RotateRequest): Promise<RotateResult> {
    const now = request.now ?? new Date(this.#now());
    const ofUser = this.#liveSessions(request.userId, now.getTime());
    const session = ofUser.get(request.sessionId);
    if (!session) return Promise.resolve({ outcome: 'unknown' });
    const decision = decideRotation(this.#kept(session), request, now);
    if (decision.outcome === 'reused') {
      ofUser.delete(request.sessionId);
      this.#announce({ userId: request.userId, sessionIds: [request.sessionId] });
      return Promise.resolve(decision);
    }
    const { write, ...result } = decision;
    return Promise.resolve({ ...result, session: { ...this.#write(ofUser, session, write) }, now });
  }

  raise(request: RaiseRequest): Promise<RaiseResult> {
    const now = request.now ?? new Date(this.#now());
    const ofUser = this.#liveSessions(request.userId, now.getTime());
    const session = ofUser.get(request.sessionId);
    if (!session) return Promise.resolve({ outcome: 'unknown' });
    const decision = decideRaise(this.#kept(session), request, now);
    if (decision.outcome === 'outrun') return Promise.resolve(decision);
    const write = 'write' in decision ? decision.write : undefined;
    const { outcome } = decision;
    return Promise.resolve({ outcome, session: { ...this.#write(ofUser, session, write) }, now });
  }

  find(userId: string, sessionId: string): Promise<Session | undefined> {
    const session = this.#liveSessions(userId, this.#now()).get(sessionId);
    return Promise.resolve(session && { ...session });
  }

  list(userId: string, { limit }: { limit?: number | undefined } = {}): Promise<Session[]> {
    const sessions = [...this.#liveSessions(userId, this.#now()).values()].sort(latestFirst);
    return Promise.resolve(sessions.slice(0, limit).map((session) => ({ ...session })));
  }

  revoke(userId: string, sessionId: string): Promise<boolean> {
    const existed = this.#liveSessions(userId, this.#now()).delete(sessionId);
    if (existed) this.#announce({ userId, sessionIds: [sessionId] });
    return Promise.resolve(existed);
  }

  revokeAll(userId: string, options: { except?: string | undefined } = {}): Promise<string[]> {
    const ofUser = this.#liveSessions(userId, this.#now());
    const ended = [...ofUser.keys()].filter((sessionId) => sessionId !== options.except);
    this.#end(userId, ofUser, ended);
    return Promise.resolve(ended);
  }

  /** Reports to every `createAuth` of this process that has this store. Other processes can't see it. */
  followRevocations(follower: RevocationFollower): RevocationFeed {
    this.#followers.add(follower);
    for (const revocation of this.#log) follower.onRevoked(revocation);
    follower.onCurrent(Infinity);
    return {
      announce: (revocation) => Promise.resolve(this.#announce(revocation)),
      close: () => void this.#followers.delete(follower),
    };
  }

  oneTimeTokens(): OneTimeTokenStore {
    return this.#oneTimeTokens;
  }

  #end(userId: string, ofUser: Map<string, Session>, sessionIds: string[]): void {
    for (const sessionId of sessionIds) ofUser.delete(sessionId);
    if (sessionIds.length > 0) this.#announce({ userId, sessionIds });
  }

  #announce(revocation: Revocation): void {
    if (this.#followers.size === 0) return;
    const keepMs = Math.max(...Array.from(this.#followers, ({ keepForSeconds }) => keepForSeconds)) * 1000;
    const firstKept = this.#log.findIndex(({ at }) => at > this.#now() - keepMs);
    this.#log.splice(0, firstKept === -1 ? this.#log.length : firstKept);
    this.#log.push({ ...revocation, at: this.#now() });
    for (const follower of this.#followers) follower.onRevoked(revocation);
  }

  #kept(session: Session): KeptSession {
    return { session, origins: this.#origins.get(session) ?? {} };
  }

  /** @param write what to keep in place of `session`; without it, nothing changes. @returns the session as stored */
  #write(ofUser: Map<string, Session>, session: Session, write: KeptSession | undefined): Session {
    if (!write) return session;
    ofUser.set(write.session.sessionId, write.session);
    this.#origins.set(write.session, write.origins);
    return write.session;
  }

  /** Deletes the user's expired sessions, and returns the others. */
  #liveSessions(userId: string, now: number): Map<string, Session> {
    const ofUser = this.#sessionsByUser.get(userId);
    if (!ofUser) return new Map();
    for (const [sessionId, { expiresAt }] of ofUser) {
      if (expiresAt.getTime() <= now) ofUser.delete(sessionId);
    }
    if (ofUser.size === 0) this.#sessionsByUser.delete(userId);
    return ofUser;
  }
}

function latestFirst(a: Session, b: Session): number {
  return b.rotatedAt.getTime() - a.rotatedAt.getTime();
}
