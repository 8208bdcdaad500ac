/* eslint-disable @typescript-eslint/require-await -- the shortest way to a promise */
import { randomUUID } from 'node:crypto';
import {
  newUsername,
  usernameKey,
  UsernameTakenError,
  type CreateOptions,
  type NewSession,
  type NewUser,
  type RaiseRequest,
  type RaiseResult,
  type RefreshTokenStore,
  type RotateRequest,
  type RotateResult,
  type Session,
  type StoredUser,
  type UserStore,
} from '../../src';

/** A store as a user of this package might write it: the least code that keeps the contract, without a counter of attempts. */
export class MapRefreshTokenStore implements RefreshTokenStore {
  readonly sessions = new Map<string, Session>();

  async create(session: NewSession, { maxSessions = Infinity }: CreateOptions = {}): Promise<string[]> {
    const ended = this.ofUser(session.userId).slice(maxSessions - 1);
    for (const { sessionId } of ended) this.sessions.delete(sessionId);
    this.sessions.set(session.sessionId, { ...session, generation: 0, rotatedAt: session.createdAt });
    return ended.map(({ sessionId }) => sessionId);
  }

  async rotate(request: RotateRequest): Promise<RotateResult> {
    const now = request.now ?? new Date();
    const session = this.live(request.userId, request.sessionId, now);
    if (!session) return { outcome: 'unknown' };
    if (request.generation > session.generation) {
      this.advance(session, request, now);
      return { outcome: 'rotated', session: { ...session }, now };
    }
    const age = now.getTime() - session.rotatedAt.getTime();
    if (
      request.generation === session.generation &&
      (sameAttempt(session, request) || age <= request.reuseWindowSeconds * 1000)
    ) {
      return { outcome: 'replayed', session: { ...session }, now };
    }
    this.sessions.delete(session.sessionId);
    return { outcome: 'reused' };
  }

  async raise(request: RaiseRequest): Promise<RaiseResult> {
    const now = request.now ?? new Date();
    const session = this.live(request.userId, request.sessionId, now);
    if (!session) return { outcome: 'unknown' };
    if (sameAttempt(session, request)) return { outcome: 'replayed', session: { ...session }, now };
    if (request.generation <= session.generation) return { outcome: 'outrun' };
    this.advance(session, request, now);
    session.authTime = request.authTime;
    session.amr = request.amr;
    return { outcome: 'raised', session: { ...session }, now };
  }

  async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const session = this.live(userId, sessionId);
    return session && { ...session };
  }

  async list(userId: string, { limit }: { limit?: number | undefined } = {}): Promise<Session[]> {
    return this.ofUser(userId)
      .slice(0, limit)
      .map((session) => ({ ...session }));
  }

  async revoke(userId: string, sessionId: string): Promise<boolean> {
    return this.live(userId, sessionId) !== undefined && this.sessions.delete(sessionId);
  }

  async revokeAll(userId: string, { except }: { except?: string | undefined } = {}): Promise<string[]> {
    const ended = (await this.list(userId)).map(({ sessionId }) => sessionId).filter((id) => id !== except);
    for (const sessionId of ended) this.sessions.delete(sessionId);
    return ended;
  }

  protected advance(session: Session, request: Omit<RotateRequest, 'reuseWindowSeconds'>, now: Date): void {
    session.generation = request.generation;
    session.rotatedAt = now;
    session.attempt = request.attempt;
    session.expiresAt = new Date(
      Math.min(
        now.getTime() + request.expiresInSeconds * 1000,
        session.createdAt.getTime() + request.maxLifetimeSeconds * 1000,
      ),
    );
  }

  /** The user's live sessions, the one used last first. */
  protected ofUser(userId: string): Session[] {
    return [...this.sessions.keys()]
      .flatMap((sessionId) => this.live(userId, sessionId) ?? [])
      .sort((a, b) => b.rotatedAt.getTime() - a.rotatedAt.getTime());
  }

  protected live(userId: string, sessionId: string, now = new Date()): Session | undefined {
    const session = this.sessions.get(sessionId);
    return session?.userId === userId && session.expiresAt > now ? session : undefined;
  }
}

function sameAttempt(session: Session, { attempt }: { attempt?: string | undefined }): boolean {
  return Boolean(attempt) && attempt === session.attempt;
}

export class MapUserStore implements UserStore {
  readonly users = new Map<string, StoredUser>();

  async findByUsername(username: string): Promise<StoredUser | undefined> {
    return copy([...this.users.values()].find((user) => this.key(user.username) === this.key(username)));
  }

  async findById(id: string): Promise<StoredUser | undefined> {
    return copy(this.users.get(id));
  }

  async create({ username, passwordHash, roles = [] }: NewUser): Promise<StoredUser> {
    if ([...this.users.values()].some((user) => this.key(user.username) === this.key(username))) {
      throw new UsernameTakenError();
    }
    const user = { id: randomUUID(), username, passwordHash, roles: [...roles] };
    this.users.set(user.id, user);
    return { ...user, roles: [...roles] };
  }

  async updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean> {
    const user = this.users.get(id);
    if (user?.passwordHash !== previous) return false;
    user.passwordHash = next;
    return true;
  }

  async updateUsername(id: string, next: string, previous: string): Promise<boolean> {
    const name = newUsername(next);
    const user = this.users.get(id);
    if (user?.username !== previous) return false;
    if (
      [...this.users.values()].some((other) => other !== user && this.key(other.username) === this.key(name))
    )
      throw new UsernameTakenError();
    user.username = name;
    return true;
  }

  protected key(username: string): string {
    return usernameKey(username);
  }
}

function copy(user: StoredUser | undefined): StoredUser | undefined {
  return user && { ...user, roles: [...user.roles] };
}
