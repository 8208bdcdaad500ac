import { once } from 'node:events';
import { Redis } from 'ioredis';
import { MemoryUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { createTestApp, type TestApp } from '../../helpers/apps/app';
import { REDIS_PACKAGES, type ConnectedClient, type RedisPackage } from '../../helpers/apps/redis-clients';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';
import { startRedisCluster, startRedisSentinel, type TestServer } from '../../helpers/servers/servers';
import { waitUntilReplicated } from '../../helpers/servers/wait-until-replicated';
import { REAL, useCallTimes } from '../../helpers/call-times';

// From the start: a log of revocations keeps the times that it was opened with.
useCallTimes(REAL);

const LOG_KEY = 'visa:revocations';
const USERNAME = 'ann';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;

interface Deployment {
  readonly servers: readonly TestServer[];
  /** A new client: each process has its own. @param frozen a node that it doesn't ask: node-redis might wait for it for ever (docs/redis.md) */
  connect(frozen?: TestServer): Promise<ConnectedClient>;
  /** The server that holds the log of revocations. */
  logMaster(): Promise<TestServer>;
  stop(): Promise<void>;
}

async function deployCluster(library: RedisPackage, options: { replicas: boolean }): Promise<Deployment> {
  const cluster = await startRedisCluster(options);
  return {
    servers: cluster.servers,
    connect: (frozen) =>
      library.connectCluster({ nodes: cluster.nodes.filter(({ port }) => port !== frozen?.port) }),
    logMaster: () => cluster.masterOf(LOG_KEY),
    stop: () => cluster.stop(),
  };
}

async function deploySentinel(library: RedisPackage): Promise<Deployment> {
  const { name, sentinels, servers, stop } = await startRedisSentinel();
  return {
    servers,
    connect: () => library.connectSentinel({ name, sentinels }),
    logMaster: () => Promise.resolve(servers[0]),
    stop,
  };
}

const { ioredis } = REDIS_PACKAGES;
const nodeRedis = REDIS_PACKAGES['node-redis 6'];
/** ioredis, with the options with which it notices a frozen master. */
const watchful: RedisPackage = {
  ...ioredis,
  connectSentinel({ name, sentinels }) {
    const client = new Redis({ name, sentinels, failoverDetector: true, commandTimeout: 500 });
    return Promise.resolve({
      client,
      send: (command, ...args) => client.call(command, args),
      end: () => client.disconnect(),
    });
  },
};

interface Process {
  readonly auth: TestApp['auth'];
  login(): Promise<Tokens>;
  logOut(tokens: Tokens): Promise<void>;
  /** Requests a guarded route. The guard of `/strict` denies while revocations may be missing. */
  visit(accessToken: string, path?: '/strict'): ReturnType<ReturnType<TestApp['client']>['get']>;
}

let closing: (() => unknown)[] = [];

afterEach(async () => {
  const closers = closing.reverse();
  closing = [];
  for (const close of closers) await close();
});

async function deployed(deployment: Promise<Deployment>): Promise<Deployment> {
  const { stop } = await deployment;
  closing.push(stop);
  return deployment;
}

let users: MemoryUserStore;

beforeEach(async () => {
  users = new MemoryUserStore();
  await users.create({ username: USERNAME, passwordHash: null });
});

/** An app that shares only the servers and the users with the others. */
async function startProcess({ connect }: Deployment, frozen?: TestServer): Promise<Process> {
  const { client, end } = await connect(frozen);
  const testApp = createTestApp({ users, refreshTokens: new RedisRefreshTokenStore(client) }, (app, auth) => {
    app.get('/strict', auth.guard({ onStoreDown: 'deny' }), (_req, res) => res.json({}));
  });
  closing.push(async () => {
    await testApp.auth.close();
    end();
  });
  await testApp.auth.ready();
  return {
    auth: testApp.auth,
    login: () => testApp.tokensOf(USERNAME),
    async logOut(tokens) {
      await testApp.client().post('/auth/logout').send({ refreshToken: tokens.refreshToken }).expect(200);
    },
    visit: (accessToken, path) =>
      testApp
        .client()
        .get(path ?? '/profile')
        .set('Authorization', `Bearer ${accessToken}`),
  };
}

function waitUntilRefused(process: Process, tokens: Tokens): Promise<void> {
  return eventually('a revoked session is refused', async () => {
    const { body } = await process.visit(tokens.accessToken);
    return body.code === 'SESSION_REVOKED';
  });
}

function waitUntilCurrent(process: Process, tokens: Tokens): Promise<void> {
  return eventually('a process is current again', async () => {
    const { status } = await process.visit(tokens.accessToken, '/strict');
    return status === 200;
  });
}

/** Resolves when the process notices that it may miss revocations. Call it before the outage. */
async function waitUntilNoticed({ auth }: Process): Promise<void> {
  const [change] = (await once(auth.events, 'revocations')) as [{ current: boolean; error?: Error }];
  expect(change).toMatchObject({ current: false, error: expect.any(Error) as Error });
}

test.each([
  ['ioredis', ioredis],
  ['node-redis', nodeRedis],
])(
  'on a Cluster, a session that one process ends is refused by the others, also by one that starts later: %s',
  async (_name, library) => {
    const cluster = await deployed(deployCluster(library, { replicas: false }));
    const [here, there] = await Promise.all([startProcess(cluster), startProcess(cluster)]);
    const [ended, kept] = [await here.login(), await here.login()];
    await there.visit(ended.accessToken).expect(200);

    await here.logOut(ended);
    await waitUntilRefused(there, ended);
    const late = await startProcess(cluster);
    expectFailure(await late.visit(ended.accessToken), 'SESSION_REVOKED');
    for (const process of [here, there, late]) await process.visit(kept.accessToken).expect(200);
  },
);

test.each<[string, () => Promise<Deployment>, (master: TestServer) => Promise<void> | void]>([
  ['Cluster, master killed', () => deployCluster(ioredis, { replicas: true }), (master) => master.kill()],
  ['Cluster, master frozen', () => deployCluster(ioredis, { replicas: true }), (master) => master.freeze()],
  ['Sentinel, master killed', () => deploySentinel(ioredis), (master) => master.kill()],
  ['Sentinel, master frozen', () => deploySentinel(watchful), (master) => master.freeze()],
  [
    'node-redis, Cluster, master killed',
    () => deployCluster(nodeRedis, { replicas: true }),
    (master) => master.kill(),
  ],
  [
    'node-redis, Cluster, master frozen',
    () => deployCluster(nodeRedis, { replicas: true }),
    (master) => master.freeze(),
  ],
  ['node-redis, Sentinel, master killed', () => deploySentinel(nodeRedis), (master) => master.kill()],
  ['node-redis, Sentinel, master frozen', () => deploySentinel(nodeRedis), (master) => master.freeze()],
])(
  'after a failover (%s) every process becomes current again by itself and has missed no revocation',
  async (_name, deploy, lose) => {
    const deployment = await deployed(deploy());
    const [here, there] = await Promise.all([startProcess(deployment), startProcess(deployment)]);
    const [before, after, kept] = [await here.login(), await here.login(), await here.login()];
    await here.logOut(before);
    await waitUntilRefused(there, before);

    const master = await deployment.logMaster();
    await waitUntilReplicated(master, `{${LOG_KEY}}:last`);
    const bothNoticed = Promise.all([waitUntilNoticed(here), waitUntilNoticed(there)]);
    await lose(master);
    await bothNoticed;
    await Promise.all([waitUntilCurrent(here, kept), waitUntilCurrent(there, kept)]);

    await eventually('the session is ended', () => here.logOut(after).then(() => true));
    await waitUntilRefused(there, after);
    const late = await startProcess(deployment, master);
    for (const process of [here, there, late]) {
      for (const { accessToken } of [before, after])
        expectFailure(await process.visit(accessToken), 'SESSION_REVOKED');
      await process.visit(kept.accessToken, '/strict').expect(200);
    }
  },
);

test.each<[string, () => Promise<Deployment>]>([
  ['Redis Cluster', () => deployCluster(ioredis, { replicas: false })],
  ['Redis behind Sentinel', () => deploySentinel(ioredis)],
  ['Redis Cluster, with node-redis', () => deployCluster(nodeRedis, { replicas: false })],
  ['Redis behind Sentinel, with node-redis', () => deploySentinel(nodeRedis)],
])('while a %s has no master, guards deny or allow as onStoreDown says', async (_name, deploy) => {
  const deployment = await deployed(deploy());
  const process = await startProcess(deployment);
  const tokens = await process.login();

  const lost = waitUntilNoticed(process);
  await Promise.all(deployment.servers.map((server) => server.kill()));
  await lost;
  expectFailure(await process.visit(tokens.accessToken, '/strict'), 'SERVICE_UNAVAILABLE');
  await process.visit(tokens.accessToken).expect(200);

  await Promise.all(deployment.servers.map((server) => server.restart()));
  await waitUntilCurrent(process, tokens);
});
