import type {
  CreateOptions,
  NewSession,
  NewUser,
  RaiseRequest,
  RotateRequest,
  Session,
  StoredUser,
} from '../../src';
import { refreshTokenStoreContract, userStoreContract } from '../../src/testing';
import { MapRefreshTokenStore, MapUserStore } from '../stores/map-stores';
import { brokenPromises, tick } from './broken';

describe('the contract catches a store that', () => {
  test.each<[defect: string, promise: RegExp, Store: new () => MapRefreshTokenStore]>([
    [
      'replays a generation for ever',
      /after the window/,
      class extends MapRefreshTokenStore {
        override rotate = (request: RotateRequest) =>
          super.rotate({ ...request, reuseWindowSeconds: Infinity });
      },
    ],
    [
      'has no reuse window',
      /inside the reuse window/,
      class extends MapRefreshTokenStore {
        override rotate = (request: RotateRequest) => super.rotate({ ...request, reuseWindowSeconds: -1 });
      },
    ],
    [
      'treats two missing attempts as the same',
      /missing or empty attempts/,
      class extends MapRefreshTokenStore {
        override rotate = (request: RotateRequest) =>
          super.rotate({ ...request, attempt: request.attempt || 'none' });
      },
    ],
    [
      'forks successors',
      /converges on one successor/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const result = await super.rotate(request);
          if (result.outcome !== 'replayed') return result;
          return { ...result, session: { ...result.session, generation: request.generation + 1 } };
        }
      },
    ],
    [
      'writes during a replay',
      /writes nothing/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const result = await super.rotate(request);
          if (result.outcome === 'replayed')
            (this.sessions.get(request.sessionId) as Session).rotatedAt = result.now;
          return result;
        }
      },
    ],
    [
      'checks and then acts',
      /converges on one successor/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const before = await this.find(request.userId, request.sessionId);
          await new Promise(setImmediate);
          if (before) this.sessions.set(request.sessionId, before);
          return super.rotate(request);
        }
      },
    ],
    [
      'keeps a session that was reused',
      /when an older generation comes back/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const before = await this.find(request.userId, request.sessionId);
          const result = await super.rotate(request);
          if (result.outcome === 'reused' && before) this.sessions.set(request.sessionId, before);
          return result;
        }
      },
    ],
    [
      "ends all of the user's sessions after a reuse",
      /ends only the session that was reused/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const result = await super.rotate(request);
          if (result.outcome === 'reused') await this.revokeAll(request.userId);
          return result;
        }
      },
    ],
    [
      'never renews the expiry',
      /extends the expiry/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const before = await this.find(request.userId, request.sessionId);
          const result = await super.rotate(request);
          if ('session' in result && before) result.session.expiresAt = before.expiresAt;
          return result;
        }
      },
    ],
    [
      'ignores the maximum lifetime',
      /up to the maximum lifetime/,
      class extends MapRefreshTokenStore {
        override rotate = (request: RotateRequest) => super.rotate({ ...request, maxLifetimeSeconds: 1e9 });
      },
    ],
    [
      'refuses a generation after a lost write',
      /after a lost write/,
      class extends MapRefreshTokenStore {
        override async rotate(request: RotateRequest) {
          const session = await this.find(request.userId, request.sessionId);
          if (session && request.generation > session.generation + 1) return { outcome: 'reused' } as const;
          return super.rotate(request);
        }
      },
    ],
    [
      'keeps sessions past their expiry',
      /past its expiry as absent/,
      class extends MapRefreshTokenStore {
        protected override live(userId: string, sessionId: string) {
          return super.live(userId, sessionId, new Date(0));
        }
      },
    ],
    [
      'revokes sessions of other users',
      /revokes a session only once/,
      class extends MapRefreshTokenStore {
        override revoke = (_userId: string, sessionId: string) =>
          Promise.resolve(this.sessions.delete(sessionId));
      },
    ],
    [
      'revokes without an exception',
      /or all but one/,
      class extends MapRefreshTokenStore {
        override revokeAll = (userId: string) => super.revokeAll(userId);
      },
    ],
    [
      'does not report that a revoked session existed',
      /revokes a session only once/,
      class extends MapRefreshTokenStore {
        override revoke = async (userId: string, sessionId: string) => {
          await super.revoke(userId, sessionId);
          return true;
        };
      },
    ],
    [
      'loses remember',
      /keeps a created session/,
      class extends MapRefreshTokenStore {
        override async find(userId: string, sessionId: string) {
          const session = await super.find(userId, sessionId);
          return session && { ...session, remember: false };
        }
      },
    ],
    [
      'ignores the limit on sessions',
      /when a user has too many/,
      class extends MapRefreshTokenStore {
        override create = (session: NewSession) => super.create(session);
      },
    ],
    [
      'counts sessions, waits, and then stores one more',
      /after parallel logins/,
      class extends MapRefreshTokenStore {
        override async create(session: NewSession, { maxSessions = Infinity }: CreateOptions = {}) {
          const surplus = (await this.list(session.userId)).slice(maxSessions - 1);
          await tick();
          for (const { sessionId } of surplus) await this.revoke(session.userId, sessionId);
          await super.create(session);
          return surplus.map(({ sessionId }) => sessionId);
        }
      },
    ],
    [
      'ends the sessions that began first, not those used longest ago',
      /when a user has too many/,
      class extends MapRefreshTokenStore {
        protected override ofUser = (userId: string) =>
          super.ofUser(userId).sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
      },
    ],
    [
      'ends sessions without returning their ids',
      /when a user has too many/,
      class extends MapRefreshTokenStore {
        override async create(session: NewSession, options: CreateOptions = {}) {
          await super.create(session, options);
          return [];
        }
      },
    ],
    [
      'counts expired sessions',
      /only live sessions/,
      class extends MapRefreshTokenStore {
        override create(session: NewSession, { maxSessions = Infinity }: CreateOptions = {}) {
          const all = [...this.sessions.values()].filter(({ userId }) => userId === session.userId);
          return super.create(session, { maxSessions: all.length < maxSessions ? maxSessions : 1 });
        }
      },
    ],
    [
      'checks a raise, waits, and then writes',
      /once under 100 parallel raises/,
      class extends MapRefreshTokenStore {
        override async raise(request: RaiseRequest) {
          const before = await this.find(request.userId, request.sessionId);
          await tick();
          if (before) this.sessions.set(request.sessionId, before);
          return super.raise(request);
        }
      },
    ],
    [
      'raises a session to one more generation only',
      /when a token from before comes back/,
      class extends MapRefreshTokenStore {
        override async raise(request: RaiseRequest) {
          const before = await this.find(request.userId, request.sessionId);
          return super.raise({ ...request, generation: (before?.generation ?? 0) + 1 });
        }
      },
    ],
    [
      'raises a session whatever another request has done',
      /has raised the session first/,
      class extends MapRefreshTokenStore {
        override async raise(request: RaiseRequest) {
          const before = await this.find(request.userId, request.sessionId);
          return super.raise({
            ...request,
            generation: Math.max(request.generation, (before?.generation ?? 0) + 1),
          });
        }
      },
    ],
    [
      'raises a session again by the same attempt',
      /by the same attempt once/,
      class extends MapRefreshTokenStore {
        override raise = (request: RaiseRequest) => super.raise({ ...request, attempt: undefined });
      },
    ],
    [
      'treats two missing attempts of raises as the same',
      /missing and empty attempts of raises/,
      class extends MapRefreshTokenStore {
        override raise = (request: RaiseRequest) =>
          super.raise({ ...request, attempt: request.attempt || 'none' });
      },
    ],
    [
      'keeps how the user proved who they are before',
      /also by nothing/,
      class extends MapRefreshTokenStore {
        override async raise({ amr, ...request }: RaiseRequest) {
          const before = await this.find(request.userId, request.sessionId);
          return super.raise({ ...request, amr: amr ?? before?.amr });
        }
      },
    ],
    [
      'raises sessions of other users',
      /none of another user/,
      class extends MapRefreshTokenStore {
        override raise = (request: RaiseRequest) => {
          const session = this.sessions.get(request.sessionId);
          return super.raise({ ...request, userId: session?.userId ?? request.userId });
        };
      },
    ],
    [
      'loses when the user proved it',
      /raises a session, and leaves/,
      class extends MapRefreshTokenStore {
        override async raise(request: RaiseRequest) {
          const before = await this.find(request.userId, request.sessionId);
          return super.raise({ ...request, authTime: before?.authTime ?? request.authTime });
        }
      },
    ],
    [
      'lists all sessions whatever the limit',
      /lists no more sessions than asked for/,
      class extends MapRefreshTokenStore {
        override list = (userId: string) => super.list(userId);
      },
    ],
  ])('%s', async (_defect, promise, Store) => {
    expect(await brokenPromises(refreshTokenStoreContract(() => new Store()))).toContainEqual(
      expect.stringMatching(promise),
    );
  });

  test.each<[string, new () => MapUserStore, RegExp]>([
    [
      'tells usernames apart by case',
      class extends MapUserStore {
        protected override key = (username: string) => username.normalize('NFC').trim();
      },
      /ignores case/,
    ],
    [
      'tells usernames apart by Unicode form',
      class extends MapUserStore {
        protected override key = (username: string) => username.toLowerCase().trim();
      },
      /Unicode form/,
    ],
    [
      'replaces a password hash without comparing it',
      class extends MapUserStore {
        override async updatePasswordHash(id: string, next: string) {
          return super.updatePasswordHash(id, next, this.users.get(id)?.passwordHash ?? null);
        }
      },
      /only if it is still the expected one/,
    ],
    [
      'allows two users with one name',
      class extends MapUserStore {
        override async create(user: NewUser) {
          await this.findByUsername(user.username);
          const created = await new MapUserStore().create(user);
          this.users.set(created.id, created);
          return { ...created, roles: [...created.roles] };
        }
      },
      /parallel creates/,
    ],
    [
      'hands out its own objects',
      class extends MapUserStore {
        override create = async (user: NewUser) =>
          this.users.get((await super.create(user)).id) as StoredUser;
      },
      /copies/,
    ],
    [
      'never sets a first password, because null equals nothing in SQL',
      class extends MapUserStore {
        override async updatePasswordHash(id: string, next: string, previous: string | null) {
          return previous !== null && super.updatePasswordHash(id, next, previous);
        }
      },
      /sets a password for a user who had none/,
    ],
    [
      'sets a first password whatever the previous one is said to be',
      class extends MapUserStore {
        override async updatePasswordHash(id: string, next: string, previous: string | null) {
          const current = this.users.get(id)?.passwordHash;
          return super.updatePasswordHash(id, next, current === null ? null : previous);
        }
      },
      /sets a password for a user who had none/,
    ],
    [
      'checks that there is no password, and then sets the first one',
      class extends MapUserStore {
        override async updatePasswordHash(id: string, next: string, previous: string | null) {
          const hadNone = previous === null && this.users.get(id)?.passwordHash === null;
          await tick();
          const current = this.users.get(id)?.passwordHash ?? null;
          return super.updatePasswordHash(id, next, hadNone ? current : previous);
        }
      },
      /only one of many passwords that a user who had none/,
    ],
  ])('%s', async (_defect, Store, promise) => {
    expect(await brokenPromises(userStoreContract(() => new Store()))).toContainEqual(
      expect.stringMatching(promise),
    );
  });
});
