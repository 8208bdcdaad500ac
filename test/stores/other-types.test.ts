import { randomUUID } from 'node:crypto';
import express from 'express';
import supertest from 'supertest';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, UsernameTakenError } from '../../src';
import type { UserStore } from '../../src';
import { checkedUsers } from '../../src/stores/checked-users';
import { PASSWORD } from '../helpers/apps/app';
import { optionsWith } from '../helpers/apps/options';

/** As drivers of MongoDB have it: compared by identity or `equals`, never by `===` with a text. */
class ObjectId {
  readonly hex: string;
  constructor(hex = randomUUID().replaceAll('-', '').slice(0, 24)) {
    if (!/^[0-9a-f]{24}$/.test(hex)) throw new TypeError('no ObjectId');
    this.hex = hex;
  }
  toString() {
    return this.hex;
  }
  equals(other: unknown) {
    return other instanceof ObjectId && other.hex === this.hex;
  }
}

type Row = Record<string, unknown>;

/** A store as an app writes it over its own rows, without a thought for types. */
class AppStore {
  readonly rows: Row[] = [];
  readonly isSame: (a: unknown, b: unknown) => boolean;
  readonly newId: () => unknown;

  constructor(newId: () => unknown, isSame: (a: unknown, b: unknown) => boolean = (a, b) => a === b) {
    this.newId = newId;
    this.isSame = isSame;
  }
  findByUsername(username: string) {
    return Promise.resolve(this.rows.find((row) => row['username'] === username) ?? null);
  }
  findById(id: unknown) {
    return Promise.resolve(this.rows.find((row) => this.isSame(row['id'], id)) ?? null);
  }
  create({ username, passwordHash }: { username: string; passwordHash: string }) {
    if (this.rows.some((row) => row['username'] === username))
      return Promise.reject(new UsernameTakenError());
    const row: Row = { id: this.newId(), username, passwordHash, roles: new Set(['member']) };
    this.rows.push(row);
    return Promise.resolve(row);
  }
  updatePasswordHash(id: unknown, next: string, previous: string) {
    const row = this.rows.find((each) => this.isSame(each['id'], id) && each['passwordHash'] === previous);
    if (row) row['passwordHash'] = next;
    return Promise.resolve(row ? 1 : 0);
  }
}

const asUserStore = (store: AppStore) => store as unknown as UserStore;

function appWith(users: UserStore, refreshTokens = new MemoryRefreshTokenStore(), strategyId?: unknown) {
  const auth = createAuth(optionsWith({ users, refreshTokens, password: { cost: 10 } }));
  const app = express();
  app.use('/auth', auth.router);
  app.get('/me', auth.guard({ loadUser: true, roles: ['member'] }), (req, res) => res.json(req.user));
  app.post('/strategy', (req, _res, next) => {
    req.user = { id: strategyId } as Express.User;
    next();
  });
  app.post('/strategy', auth.completeLogin());
  app.use(
    ((error: Error, _req, res, _next) =>
      void res.status(500).json({ error: `${error.name}: ${error.message}` })) as express.ErrorRequestHandler,
  );
  return { auth, agent: () => supertest.agent(app) };
}

describe.each<[string, () => AppStore]>([
  [
    'numbers',
    () => {
      let last = 0;
      return new AppStore(() => ++last);
    },
  ],
  [
    'big integers',
    () => {
      let last = 2n ** 60n;
      return new AppStore(() => ++last);
    },
  ],
  [
    'ObjectIds',
    () =>
      new AppStore(
        () => new ObjectId(),
        (a, b) => (a as ObjectId).equals(b),
      ),
  ],
])('a store whose ids are %s', (_what, make) => {
  test('gets them back as it gave them, and the app sees their text', async () => {
    const store = make();
    const { auth, agent } = appWith(asUserStore(store));
    const ann = agent();
    const credentials = { username: 'ann', password: PASSWORD };
    await ann.post('/auth/register').send(credentials).expect(201);
    const text = String(store.rows[0]?.['id']);
    const { body } = await ann.post('/auth/login').send(credentials).expect(200);
    expect(body).toMatchObject({ user: { id: text, roles: ['member'] } });
    expect((await ann.get('/me').expect(200)).body).toMatchObject({ id: text, roles: ['member'] });
    await ann.get('/auth/info').expect(200);
    await ann.post('/auth/refresh').expect(200);
    const change = { currentPassword: PASSWORD, newPassword: 'another good phrase' };
    await ann.post('/auth/password').send(change).expect(200);
    await ann.post('/auth/refresh').expect(200);
    expect((await auth.sessions.list(text)).length).toBe(1);
    await auth.close();
  });

  test('gets the id that a strategy of the app has put into req.user as it is', async () => {
    const store = make();
    const user = await store.create({ username: 'ann', passwordHash: '' });
    const { auth, agent } = appWith(asUserStore(store), undefined, user['id']);
    const { body } = await agent().post('/strategy').expect(200);
    expect(body).toMatchObject({ user: { id: String(user['id']) } });
    await auth.close();
  });
});

test('a process that has seen no user yet finds one whose id is a number by its token', async () => {
  const store = asUserStore(new AppStore(() => 7));
  const sessions = new MemoryRefreshTokenStore();
  const first = appWith(store, sessions);
  const credentials = { username: 'ann', password: PASSWORD };
  await first.agent().post('/auth/register').send(credentials).expect(201);
  const { headers } = await first.agent().post('/auth/login').send(credentials).expect(200);
  const second = appWith(store, sessions);
  const cookies = (headers['set-cookie'] as unknown as string[]).map((line) => line.split(';')[0]).join('; ');
  await second.agent().get('/me').set('Cookie', cookies).expect(200);
  await second.agent().post('/auth/refresh').set('Cookie', cookies).expect(200);
  await Promise.all([first.auth.close(), second.auth.close()]);
});

describe('what a store of users may return', () => {
  const good = { id: 'a', username: 'ann', passwordHash: null, roles: ['member'] };
  const found = (row: unknown) =>
    checkedUsers({ ...new AppStore(() => 1), findById: () => Promise.resolve(row) } as unknown as UserStore);

  test.each<[string, Row, Row]>([
    ['no roles', { roles: undefined }, { roles: [] }],
    ['roles that are null', { roles: null }, { roles: [] }],
    ['a Set of roles', { roles: new Set(['admin']) }, { roles: ['admin'] }],
    ['1 for disabled', { disabled: 1 }, { disabled: true }],
    ['0 for disabled', { disabled: 0 }, { disabled: false }],
    ['a member of its own', { email: 'ann@example.com' }, { email: 'ann@example.com' }],
  ])('takes %s', async (_what, members, expected) => {
    expect(await found({ ...good, ...members }).findById('a')).toMatchObject({ ...good, ...expected });
  });

  test.each([undefined, null])('takes %p for no user', async (nothing) => {
    expect(await found(nothing).findById('a')).toBeUndefined();
  });

  test.each<[member: string, value: unknown, what: string]>([
    ['id', null, 'null'],
    ['id', undefined, 'undefined'],
    ['id', '', 'an empty text'],
    ['id', 1.5, 'a number that is not whole'],
    ['id', 2 ** 60, 'a number that is not exact'],
    ['id', {}, 'an object'],
    ['id', Buffer.from('ff00', 'hex'), 'an object'],
    ['id', 'x'.repeat(256), 'a text'],
    ['username', undefined, 'undefined'],
    ['passwordHash', undefined, 'undefined'],
    ['passwordHash', Buffer.from('hash'), 'an object'],
    ['roles', 'admin', 'a text'],
    ['roles', [1], 'a list'],
    ['disabled', 'f', 'a text'],
  ])('refuses the %s %p, and names store, method and member', async (member, value, what) => {
    class AccountStore extends MemoryUserStore {
      override findById = () => Promise.resolve({ ...good, [member]: value } as never);
    }
    const asked = checkedUsers(new AccountStore()).findById('a');
    await expect(asked).rejects.toThrow(TypeError);
    await expect(asked).rejects.toThrow(
      `AccountStore.findById() returned a user whose ${member} is ${what}: it must be`,
    );
  });

  test('is refused at the login, which then starts no session', async () => {
    class AccountStore extends AppStore {}
    const store = new AccountStore(() => 1);
    const sessions = new MemoryRefreshTokenStore();
    const { auth, agent } = appWith(asUserStore(store), sessions);
    const credentials = { username: 'ann', password: PASSWORD };
    await agent().post('/auth/register').send(credentials).expect(201);
    (store.rows[0] as Row)['roles'] = 'member';
    const { body } = await agent().post('/auth/login').send(credentials).expect(500);
    expect(body).toEqual({
      error:
        'TypeError: AccountStore.findByUsername() returned a user whose roles is a text: it must be a list of texts',
    });
    expect(await sessions.list('1')).toEqual([]);
    await auth.close();
  });
});
