import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Express } from 'express';
import { Redis, type RedisOptions } from 'ioredis';
import request from 'supertest';
import { PostgresUserStore, RedisRefreshTokenStore, type Mail } from '../../src/index';
import { BoundedRedis } from '../../src/stores/redis/client';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from '../features/email-account/email-app';
import { PASSWORD } from '../helpers/apps/app';
import { createDatabase } from '../helpers/apps/backends';
import { REAL, useCallTimes } from '../helpers/call-times';
import { eventually } from '../helpers/eventually';
import { startRedis, startRedisSentinel, type TestServer } from '../helpers/servers/servers';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { withRedis } from './redis-admin';

useCallTimes(REAL);

/** How many resets are posted one after another while no master answers. */
const RESETS_MEANWHILE = 12;
/** How many clients use one token at the same moment, each for a password of its own. */
const RACERS = 12;

let closing: (() => unknown)[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.reverse()) await close();
  closing = [];
});

function signal(): { given: Promise<void>; give: () => void } {
  let give = () => undefined as void;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

/** Decides before each Redis command of a request when it is sent. */
type Gate = (script: string) => Promise<unknown> | undefined;
const gates = new AsyncLocalStorage<Gate>();

/** Two apps with a connection each, like two processes: neither has the other's memory. */
async function startApps(redisOptions: Omit<RedisOptions, 'replyMapping'>) {
  const database = await createDatabase();
  closing.push(() => database.close());
  const users = new PostgresUserStore(database.pool);
  await users.migrate();
  const start = () => {
    const redis = new Redis(redisOptions);
    const refreshTokens = new RedisRefreshTokenStore(redis);
    const email = emailApp({ stores: { users, refreshTokens } });
    closing.push(async () => {
      await email.auth.close();
      redis.disconnect();
    });
    return { ...email, redis, refreshTokens };
  };
  const apps = [start(), start()] as const;
  for (const { auth } of apps) await auth.ready();
  const passwordHash = await apps[0].auth.passwords.hash(PASSWORD);
  const create = (username: string) => users.create({ username, passwordHash });
  return { apps, start, create };
}

type Apps = Awaited<ReturnType<typeof startApps>>;
type App = Apps['apps'][number];

interface Answer {
  status: number;
  body: { code?: string; accessToken?: string; refreshToken?: string };
}

async function post(app: Express, path: string, body: object): Promise<Answer> {
  const answer = await request(app).post(`/auth${path}`).send(body);
  return { status: answer.status, body: answer.body as Answer['body'] };
}

const login = (app: App, username: string, password: string) =>
  post(app.app, '/login', { username, password, transport: 'body' });

async function newToken(app: App, username: string): Promise<string> {
  expect((await post(app.app, '/password/forgot', { username })).status).toBe(202);
  return tokenOf(await app.mailTo(username, 'reset'));
}

const reset = ({ app }: Pick<EmailApp, 'app'>, token: string, newPassword = NEW_PASSWORD) =>
  post(app, '/password/reset', { token, newPassword });

/** A reset whose commands pass a gate. */
const gatedReset = ({ app }: App, token: string, gate: Gate) =>
  reset({ app: express().use((_req, _res, next) => gates.run(gate, next), app) }, token);

function watchCommands(): void {
  const call = Reflect.get<BoundedRedis, 'call'>(BoundedRedis.prototype, 'call');
  jest.spyOn(BoundedRedis.prototype, 'call').mockImplementation(async function (this: BoundedRedis, ...args) {
    await gates.getStore()?.(args[0]);
    return call.apply(this, args);
  });
}

interface Person {
  id: string;
  username: string;
  /** One session of each app. */
  sessions: Answer['body'][];
}

async function personWithSessions({ apps, create }: Apps, name: string): Promise<Person> {
  const username = `${name}@example.com`;
  const { id } = await create(username);
  const sessions = [];
  for (const app of apps) sessions.push((await login(app, username, PASSWORD)).body);
  return { id: String(id), username, sessions };
}

/** Each session at one of the apps. */
const refreshes = async (apps: readonly App[], { sessions }: Person) => {
  const statuses = [];
  for (const [index, { refreshToken }] of sessions.entries())
    statuses.push((await post((apps[index % apps.length] as App).app, '/refresh', { refreshToken })).status);
  return statuses;
};

const byOldAndNew = async (app: App, { username }: Person) => [
  (await login(app, username, PASSWORD)).status,
  (await login(app, username, NEW_PASSWORD)).status,
];

async function healed({ apps }: Apps, { username }: Person): Promise<void> {
  for (const app of apps)
    await eventually('a login', async () => (await login(app, username, PASSWORD)).status === 200);
}

/** Of many passwords at once over both apps. @returns the statuses, and the passwords that the token has set */
async function race(apps: Apps['apps'], token: string) {
  const passwords = Array.from({ length: RACERS }, (_, index) => `a third horse ${index} battery`);
  const answers = await Promise.all(
    passwords.map((each, index) => reset(apps[index % 2] as App, token, each)),
  );
  for (const { status } of answers) expect([200, 401, 429]).toContain(status);
  return passwords.filter((_, index) => answers[index]?.status === 200);
}

test('a reset during a failover answers 200 or 503, and leaves the old password and a good token, or the new password and no older session', async () => {
  const { name, sentinels, servers, stop } = await startRedisSentinel();
  closing.push(stop);
  const [master, replica] = servers;
  const all = await startApps({ name, sentinels });
  const { apps } = all;
  watchCommands();
  const canary = await personWithSessions(all, 'canary');
  const commands: string[] = [];
  const undisturbed = await personWithSessions(all, 'undisturbed');
  const gate: Gate = (script) => void commands.push(script);
  expect((await gatedReset(apps[0], await newToken(apps[0], undisturbed.username), gate)).status).toBe(200);
  expect(commands).toEqual(expect.arrayContaining(['visaFindToken', 'visaRevokeSessions', 'visaTakeToken']));

  const people = [];
  for (let index = 0; index < 2 * commands.length + RESETS_MEANWHILE; index += 1) {
    const person = await personWithSessions(all, `user${index}`);
    people.push({ ...person, app: apps[index % 2] as App, token: await newToken(apps[0], person.username) });
  }
  await withRedis(master.url, async (admin) => {
    await admin.set('last write', '');
    expect(await admin.wait(1, 20_000)).toBe(1);
  });

  // For each command there is a reset that sends it right before the master dies, and one that sends it right after.
  const [before, after] = [signal(), signal()];
  let ready = 0;
  const held = people.slice(0, 2 * commands.length).map(({ app, token }, index) => {
    let left = index >> 1;
    const answer = gatedReset(app, token, () => {
      if (left-- !== 0) return undefined;
      ready += 1;
      return (index & 1 ? before : after).given;
    });
    return answer;
  });
  await eventually('every reset is at its command', () => Promise.resolve(ready === held.length));
  before.give();
  await new Promise(setImmediate);
  const killed = master.kill();
  after.give();
  await killed;
  const meanwhile = [];
  for (const { app, token } of people.slice(held.length)) {
    meanwhile.push(reset(app, token));
    await sleep(250);
  }
  const statuses = (await Promise.all([...held, ...meanwhile])).map(({ status }) => status);
  expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(statuses).toContain(503);
  await healed(all, canary);
  expect(await withRedis(replica.url, (admin) => admin.info('replication'))).toContain('role:master');

  const outcomes = await Promise.all(
    people.map(async ({ app, token, ...person }, index) => {
      const other = app === apps[0] ? apps[1] : apps[0];
      // The refreshes come first: a login would finish what the reset has left.
      const refreshed = await refreshes(apps, person);
      const [byOld, byNew] = await byOldAndNew(other, person);
      expect([byOld, byNew].sort()).toEqual([200, 401]);
      if (statuses[index] === 200) expect(byNew).toBe(200);
      if (byNew === 200) expect(refreshed).toEqual([401, 401]);
      const repeated = await reset(other, token);
      if (byNew === 401) expect(repeated.status).toBe(200);
      else if (repeated.status !== 200) expect(repeated.body.code).toBe('ONE_TIME_TOKEN_INVALID');
      expect(await byOldAndNew(app, person)).toEqual([401, 200]);
      expect(await refreshes([other, app], person)).toEqual([401, 401]);
      // A token that still exists is never refused, and in the end it is gone.
      expect(await withRedis(replica.url, (admin) => admin.hlen(`visa:{${person.id}}:tokens`))).toBe(0);
      const isNotice = ({ kind, to }: Mail) => kind === 'password-changed' && to === person.username;
      expect(apps.flatMap(({ mails }) => mails).some(isNotice)).toBe(true);
      return byNew === 200 ? 'new' : 'old';
    }),
  );
  expect(new Set(outcomes)).toEqual(new Set(['old', 'new']));
});

test('when a failover loses the last writes, a token sets one password at most, and the sessions that a reset has ended stay ended', async () => {
  const { all, loseWrites, failOver } = await startLosing();
  const { apps } = all;
  watchCommands();
  const [one, two] = apps;
  const person = (name: string) => personWithSessions(all, name);
  const canary = await person('canary');
  const [spent, raced, unseen, replaced, stopped] = [
    await person('spent'),
    await person('raced'),
    await person('unseen'),
    await person('replaced'),
    await person('stopped'),
  ];
  const spentToken = await newToken(one, spent.username);
  const racedToken = await newToken(one, raced.username);
  const older = await newToken(one, replaced.username);

  await loseWrites();
  const unseenToken = await newToken(one, unseen.username);
  const newest = await newToken(one, replaced.username);
  const stoppedToken = await newToken(one, stopped.username);
  expect((await reset(one, spentToken)).status).toBe(200);
  expect((await reset(two, racedToken)).status).toBe(200);
  for (const each of [spent, raced])
    await eventually('both apps know which sessions have ended', () => isKnown(all, each));
  // This one has stored the new password. It finds no Redis to end the sessions.
  const [begun, failed] = [signal(), signal()];
  const stoppedReset = gatedReset(one, stoppedToken, (script) => {
    if (script !== 'visaRevokeSessions') return undefined;
    begun.give();
    return failed.given;
  });
  await begun.given;
  const revived = await failOver(async () => {
    failed.give();
    expect((await stoppedReset).status).toBe(503);
  });
  await healed(all, canary);

  // The replica had received neither the end of these sessions nor that their tokens were used.
  for (const { id } of [spent, raced]) {
    expect(await revived.sessions(id)).toBe(2);
    expect(await revived.tokens(id)).toBe(1);
  }
  expect(await refreshes([two, one], spent)).toEqual([401, 401]);
  expect(await revived.sessions(spent.id)).toBe(0);
  expect((await reset(two, spentToken, 'a third horse 7 battery')).body.code).toBe('ONE_TIME_TOKEN_INVALID');
  expect(await race(apps, racedToken)).toEqual([]);
  // The same request once more is no other password. It ends the sessions in the store too, so a new process refuses them.
  expect((await reset(two, spentToken)).status).toBe(200);
  expect((await reset(one, spentToken)).body.code).toBe('ONE_TIME_TOKEN_INVALID');
  for (const each of [spent, raced]) expect(await byOldAndNew(one, each)).toEqual([401, 200]);
  expect(await refreshes([all.start()], spent)).toEqual([401, 401]);
  expect(await refreshes(apps, raced)).toEqual([401, 401]);

  // These tokens were lost. The second user's older one is good again, for one password.
  for (const token of [unseenToken, newest, stoppedToken])
    expect((await reset(two, token)).body.code).toBe('ONE_TIME_TOKEN_INVALID');
  expect(await byOldAndNew(two, unseen)).toEqual([200, 401]);
  expect(await refreshes(apps, unseen)).toEqual([200, 200]);
  const winners = await race(apps, older);
  expect(winners).toHaveLength(1);
  expect((await login(two, replaced.username, String(winners[0]))).status).toBe(200);
  expect((await login(two, replaced.username, PASSWORD)).status).toBe(401);
  expect(await refreshes(apps, replaced)).toEqual([401, 401]);

  // The mark on its hash keeps older sessions out until the next login ends them.
  expect(await refreshes([two, one], stopped)).toEqual([401, 401]);
  expect(await byOldAndNew(two, stopped)).toEqual([401, 200]);
  expect(await refreshes([all.start()], stopped)).toEqual([401, 401]);
});

/** Whether both apps know that the user's sessions have ended. One of them only knows it from the log of revocations. */
async function isKnown({ apps }: Apps, { sessions }: Person): Promise<boolean> {
  const codes = [];
  for (const { app } of apps)
    for (const { accessToken = '' } of sessions) {
      const answer = await request(app).get('/auth/check').auth(accessToken, { type: 'bearer' });
      codes.push((answer.body as Answer['body']).code);
    }
  return codes.every((code) => code === 'SESSION_REVOKED');
}

/** A master behind an address, and a replica that takes it over without the last writes. */
async function startLosing() {
  const master = await startRedis();
  closing.push(() => master.stop());
  const [link, address] = [await startTcpProxy(master.port), await startTcpProxy(master.port)];
  closing.push(link.close, address.close);
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(link.port)] });
  closing.push(() => replica.stop());
  const infoOf = ({ url }: TestServer) => withRedis(url, (admin) => admin.info('replication'));
  await eventually('the replica is in sync', async () =>
    (await infoOf(replica)).includes('master_link_status:up'),
  );
  const all = await startApps({ host: '127.0.0.1', port: address.port });
  return {
    all,
    async loseWrites() {
      await withRedis(master.url, async (admin) => {
        await admin.set('last write', '');
        expect(await admin.wait(1, 20_000)).toBe(1);
      });
      link.cut();
    },
    async failOver(meanwhile: () => Promise<unknown>) {
      address.cut();
      await master.kill();
      await meanwhile();
      await withRedis(replica.url, (admin) => admin.replicaof('NO', 'ONE'));
      address.retarget(replica.port);
      address.restore();
      const lengthOf = (key: string) => withRedis(replica.url, (admin) => admin.hlen(key));
      return {
        sessions: (id: string) => lengthOf(`visa:{${id}}`),
        tokens: (id: string) => lengthOf(`visa:{${id}}:tokens`),
      };
    },
  };
}
