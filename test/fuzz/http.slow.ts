import express4 from 'express4';
import type { ErrorRequestHandler, Express } from 'express';
import fc from 'fast-check';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresRefreshTokenStore,
  type Auth,
  type ClaimsUser,
} from '../../src';
import { createRealStores, type RealStores } from '../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { describedRouter } from '../helpers/apps/described-router';
import { bytesOf } from './bytes';
import { judge, judgeEvents } from './invariants';
import { endpointsOf, mountPages } from './pages';
import { useQuickPasswords } from '../helpers/apps/quick-passwords';
import { requestsTo, type FuzzedRequest } from './requests';
import { runs } from './runs';
import { FuzzedApp } from './fuzzed-app';

useQuickPasswords();

let real: RealStores;
let database: TestDatabase;
let refreshTokens: PostgresRefreshTokenStore;
beforeAll(async () => {
  real = await createRealStores();
  database = await createDatabase();
  refreshTokens = new PostgresRefreshTokenStore(database.pool);
  await refreshTokens.migrate();
});
afterAll(async () => {
  await real.close();
  await database.close();
});

const ownerOf = ({ username }: ClaimsUser) => Promise.resolve({ owner: username });
const inMemory = () => ({ users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() });

test.each([
  ['PostgreSQL and Redis on Express 5', 500, () => new FuzzedApp(real.options)],
  ['sessions in PostgreSQL', 200, () => new FuzzedApp({ users: new MemoryUserStore(), refreshTokens })],
  ['memory on Express 5', 200, () => new FuzzedApp(inMemory())],
  ['claims of the app', 200, () => new FuzzedApp(inMemory(), undefined, { claims: ownerOf })],
  ['memory on Express 4', 200, () => new FuzzedApp(inMemory(), onExpress4)],
])('the answer to any request keeps the contract, with %s', async (where, count, makeWorld) => {
  const app = makeWorld();
  const met = new Map<string, number>();
  await app.prepare();
  const property = fc.asyncProperty(requestsTo(endpointsOf(app.testApp.auth)), async (request) => {
    const outcome = await attack(app, request);
    met.set(outcome, (met.get(outcome) ?? 0) + 1);
  });
  await fc.assert(property, runs(count));
  await app.close();
  console.info(where, Object.fromEntries([...met].sort((a, b) => b[1] - a[1])));
  expect([...met.keys()]).toEqual(expect.arrayContaining(EXPECTED_OUTCOMES));
});

/** Outcomes that a run must meet: a fuzz test whose requests never get past the first check would find nothing. */
const EXPECTED_OUTCOMES = [
  '200',
  'VALIDATION_FAILED',
  'MALFORMED_BODY',
  'NO_ACCESS_TOKEN',
  'ACCESS_TOKEN_INVALID',
];

/** @returns the outcome: the code of a failure, or the status */
async function attack(app: FuzzedApp, request: FuzzedRequest): Promise<string> {
  await app.ensureLoggedIn();
  const bytes = bytesOf(app, request);
  let answer = await app.send(bytes);
  // On a busy machine a store call may take longer than its limit of a second, but not three times in a row.
  for (let tries = 0; answer?.status === 503 && tries < 2; tries += 1) answer = await app.send(bytes);
  const outcome = answer ? judge(app, request.method, answer) : 'closed';
  judgeEvents(app);
  expect(app.testApp.unforeseen.splice(0)).toEqual([]);
  await app.assertVictimUntouched();
  return outcome;
}

function onExpress4(auth: Auth, unforeseen: unknown[]): Express {
  const app = express4();
  app.use('/auth', describedRouter(auth));
  mountPages(app, auth);
  app.use(((error: unknown, _req, res, _next) => {
    unforeseen.push(error);
    res.status(500).json({ code: 'APP_ERROR' });
  }) satisfies ErrorRequestHandler);
  return app;
}
