import fc, { type AsyncCommand } from 'fast-check';
import type { Response } from 'supertest';
import type { TestApp } from '../helpers/apps/app';
import { decodeToken } from '../helpers/tokens/tokens';
import type { TestClock } from '../../src/testing';
import type { SessionModel } from './session-model';

/** Defaults of the package, in seconds. */
const LIFETIMES = { expiresInSeconds: 3 * 3600, maxLifetimeSeconds: 30 * 86_400, reuseWindowSeconds: 30 };

/** The app, and every token that it has issued. */
export interface Client {
  testApp: TestApp;
  clock: TestClock;
  /** For each session the refresh token of each generation, as first issued, and the latest access token. */
  tokens: Map<string, { refresh: Map<number, string>; access: string }>;
}

type Command = AsyncCommand<SessionModel, Client>;
type Action = (model: SessionModel, client: Client, session: Known) => Promise<void>;
interface Known {
  userId: string;
  sessionId: string;
}

const login = fc.nat().map((n) => ({
  check: () => true,
  async run(model: SessionModel, client: Client) {
    const username = n % 2 ? 'ann' : 'bob';
    const { accessToken, refreshToken } = await client.testApp.tokensOf(username);
    const { sub, sid } = decodeToken(refreshToken).payload as { sub: string; sid: string };
    const at = new Date(model.now);
    const expiresAt = new Date(model.now + LIFETIMES.expiresInSeconds * 1000);
    const session = { userId: sub, sessionId: sid, createdAt: at, authTime: at, expiresAt, remember: false };
    model.create(session);
    client.tokens.set(sid, { refresh: new Map([[1, refreshToken]]), access: accessToken });
  },
  toString: () => `login(${n})`,
}));

/** A refresh token of the session, the latest or an older one, by cookie or in the body. */
const refresh = fc
  .record({
    back: fc.constantFrom(0, 0, 0, 0, 1, 1, 2),
    key: fc.constantFrom(undefined, 'one'),
    inBody: fc.boolean(),
  })
  .chain((args) =>
    onSession(`refresh(${fc.stringify(args)})`, async (model, client, { userId, sessionId }) => {
      const known = knownTokens(client, sessionId);
      const generation = Math.max(1, known.refresh.size - args.back);
      const token = known.refresh.get(generation) as string;
      let sending = client.testApp.client().post('/auth/refresh');
      if (args.key) sending = sending.set('Idempotency-Key', args.key);
      const response = await (args.inBody
        ? sending.send({ refreshToken: token })
        : sending.set('Cookie', `refreshToken=${token}`));
      if (hasExpired(token, model)) {
        expect(codeOf(response)).toBe('REFRESH_TOKEN_EXPIRED');
        return;
      }
      const request = { userId, sessionId, generation, attempt: args.key, ...LIFETIMES };
      const { outcome } = model.rotate(request);
      const failures = {
        unknown: 'SESSION_NOT_FOUND',
        reused: 'REFRESH_TOKEN_REUSED',
        rotated: '200',
        replayed: '200',
      };
      expect(codeOf(response)).toBe(failures[outcome]);
      if (outcome === 'unknown' || outcome === 'reused') return;
      const next = args.inBody ? (response.body as Record<string, string>) : cookiesOf(response);
      known.access = next['accessToken'] as string;
      // A refresh token never has two successors: a retry gets the same one, byte for byte.
      const before = known.refresh.get(generation + 1) ?? next['refreshToken'];
      expect(next['refreshToken']).toBe(before);
      known.refresh.set(generation + 1, before as string);
    }),
  );

const logout = onSession('logout', async (model, client, { userId, sessionId }) => {
  const { refresh: all } = knownTokens(client, sessionId);
  const response = await client.testApp
    .client()
    .post('/auth/logout')
    .send({ refreshToken: all.get(1) });
  expect(response.status).toBe(200);
  model.revoke(userId, sessionId);
});

/** Ends any session by its id, also another user's. */
const endById = fc.nat().chain((n) =>
  onSession(`endById(${n})`, async (model, client, session) => {
    const { sessionId } = model.known[n % model.known.length] as Known;
    const response = await sendAs(client, session, 'delete', `/auth/sessions/${sessionId}`);
    if (!checkAccess(model, client, session, response)) return;
    expect(response.status).toBe(model.revoke(session.userId, sessionId) ? 204 : 404);
  }),
);

const endOthers = onSession('endOthers', async (model, client, session) => {
  const response = await sendAs(client, session, 'delete', '/auth/sessions');
  if (!checkAccess(model, client, session, response)) return;
  expect(response.body).toEqual({ ended: model.revokeAll(session.userId, session.sessionId).length });
});

const list = onSession('list', async (model, client, session) => {
  const response = await sendAs(client, session, 'get', '/auth/sessions');
  if (!checkAccess(model, client, session, response)) return;
  const listed = (response.body as { sessions: { id: string; current: boolean }[] }).sessions;
  const expected = model
    .list(session.userId)
    .map(({ sessionId }) => ({ id: sessionId, current: sessionId === session.sessionId }));
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  expect(listed.map(({ id, current }) => ({ id, current })).sort(byId)).toEqual(expected.sort(byId));
});

const pass = fc.constantFrom(10, 30, 31, 600, 1799, 1800, 3 * 3600, 86_400).map((seconds) => ({
  check: () => true,
  run(model: SessionModel, { clock }: Client) {
    model.now += seconds * 1000;
    clock.advance(seconds);
    return Promise.resolve();
  },
  toString: () => `pass(${seconds} s)`,
}));

export const httpCommands = fc.commands(
  [login, refresh, refresh, refresh, logout, endById, endOthers, list, pass],
  {
    size: 'medium',
    maxCommands: 25,
  },
);

function onSession(name: string, act: Action): fc.Arbitrary<Command> {
  return fc.nat().map((n) => ({
    check: ({ known }) => known.length > 0,
    run: (model, client) => act(model, client, model.known[n % model.known.length] as Known),
    toString: () => `${name} of ${n}`,
  }));
}

function sendAs({ testApp, tokens }: Client, { sessionId }: Known, method: 'get' | 'delete', path: string) {
  const client = testApp.client();
  const request = method === 'get' ? client.get(path) : client.delete(path);
  return request.auth(tokens.get(sessionId)?.access ?? '', { type: 'bearer' });
}

/** An access token is accepted until it expires or its session is ended here. @returns whether it was */
function checkAccess(
  model: SessionModel,
  client: Client,
  { userId, sessionId }: Known,
  response: Response,
): boolean {
  const { access } = knownTokens(client, sessionId);
  const isLive = model.find(userId, sessionId) !== undefined;
  const refusal = hasExpired(access, model) ? 'ACCESS_TOKEN_EXPIRED' : isLive ? undefined : 'SESSION_REVOKED';
  if (refusal === undefined) expect(response.status).not.toBe(401);
  else expect(codeOf(response)).toBe(refusal);
  return refusal === undefined;
}

const knownTokens = ({ tokens }: Client, sessionId: string) =>
  tokens.get(sessionId) as { refresh: Map<number, string>; access: string };
const hasExpired = (token: string, { now }: SessionModel) =>
  (decodeToken(token).payload['exp'] as number) * 1000 <= now;
const codeOf = ({ status, body }: Response) => (body as { code?: string }).code ?? String(status);
const cookiesOf = ({ headers }: Response) =>
  Object.fromEntries(
    (headers['set-cookie'] as unknown as string[]).map((cookie) => cookie.split(/[=;]/).slice(0, 2)),
  ) as Record<string, string>;
