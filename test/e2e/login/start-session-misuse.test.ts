import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryRefreshTokenStore, MemoryUserStore, type AuthenticatedUser } from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';

const users = new MemoryUserStore();
const refreshTokens = new MemoryRefreshTokenStore();
const { auth } = createTestApp({ users, refreshTokens });
let ann: { id: string };
beforeAll(async () => {
  ann = await users.create({ username: 'ann', passwordHash: null });
});
afterEach(() => auth.sessions.revokeAll(ann.id));
afterAll(() => auth.close());

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<unknown>;

/** What a handler of plain Node gives for a POST, and the cookies that a browser then has. */
async function posted(handler: Handler) {
  let given: unknown;
  const server = createServer((req, res) => {
    const settled = handler(req, res).catch((error: unknown) => error);
    void settled.then((value) => {
      given = value;
      res.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST' });
  server.close();
  const pairs = response.headers.getSetCookie().map((each) => /^([^=]+)=([^;]*)/.exec(each)?.slice(1) ?? []);
  return { given, cookies: Object.fromEntries(pairs) as Record<string, string> };
}

const idsOf = async () => (await auth.sessions.list(ann.id)).map(({ sessionId }) => sessionId);

describe('several calls in one request', () => {
  test('a second start ends the session of the first, whose tokens no browser will have', async () => {
    const { given, cookies } = await posted(async (req, res) => {
      await auth.startSession(req, res, ann);
      return auth.startSession(req, res, ann);
    });
    const { sessionId, accessToken } = given as { sessionId: string; accessToken: string };
    expect(await idsOf()).toEqual([sessionId]);
    expect(cookies['accessToken']).toBe(accessToken);
  });

  test('of parallel starts one session stays, the one whose cookies the browser keeps', async () => {
    const { given, cookies } = await posted((req, res) =>
      Promise.all([1, 2, 3].map(() => auth.startSession(req, res, ann))),
    );
    const started = given as { sessionId: string; accessToken: string }[];
    expect(await idsOf()).toEqual([started[2]?.sessionId]);
    expect(cookies['accessToken']).toBe(started[2]?.accessToken);
  });

  test('a start goes on where a parallel one before it has failed', async () => {
    jest.spyOn(refreshTokens, 'create').mockRejectedValueOnce(new Error('the store has failed'));
    const { given, cookies } = await posted((req, res) =>
      Promise.allSettled([auth.startSession(req, res, ann), auth.startSession(req, res, ann)]),
    );
    const [first, second] = given as PromiseSettledResult<{ sessionId: string; accessToken: string }>[];
    expect(first?.status).toBe('rejected');
    expect(second).toMatchObject({ status: 'fulfilled', value: { accessToken: cookies['accessToken'] } });
    expect(await idsOf()).toHaveLength(1);
  });

  test('an end after a start ends that session and clears the cookies', async () => {
    const { given, cookies } = await posted(async (req, res) => {
      await auth.startSession(req, res, ann);
      return auth.endSession(req, res);
    });
    expect([given, cookies, await idsOf()]).toEqual([true, { accessToken: '', refreshToken: '' }, []]);
  });

  test('a check after a start is of the new session', async () => {
    const { given } = await posted(async (req, res) => {
      await auth.startSession(req, res, ann);
      return auth.verify(req);
    });
    expect(await idsOf()).toEqual([(given as AuthenticatedUser).sessionId]);
  });

  test('a start that sends its tokens in the body leaves what the request has brought', async () => {
    const { given } = await posted(async (req, res) => {
      await auth.startSession(req, res, ann, { transport: 'body' });
      return auth.verify(req, { optional: true });
    });
    expect(given).toBeUndefined();
    expect(await idsOf()).toHaveLength(1);
  });
});

const fetched = new Request('http://127.0.0.1/', { method: 'POST' });

test.each<[string, Handler]>([
  ['nothing', () => auth.startSession(undefined as never, undefined as never, ann)],
  ['no response', (req) => auth.startSession(req, {} as never, ann)],
  ['both in the wrong order', (req, res) => auth.startSession(res as never, req as never, ann)],
  ['a Request of fetch', (_req, res) => auth.startSession(fetched as never, res, ann)],
  [
    'a Request of fetch and a Response',
    () => auth.startSession(fetched as never, new Response() as never, ann),
  ],
  ['a socket in place of the response', (req) => auth.startSession(req, req.socket as never, ann)],
  ['a socket in place of the request', (req, res) => auth.startSession(req.socket as never, res, ann)],
])(
  'startSession with %s is a TypeError that says what it needs, and makes no session',
  async (_what, call) => {
    const { given } = await posted(call);
    expect(given).toEqual(
      new TypeError(
        'startSession() needs a request of Node or Express and its response, in this order: auth.startSession(req, res, …)',
      ),
    );
    expect(await idsOf()).toEqual([]);
  },
);

test('endSession without a response or with a Request of fetch is a TypeError, and the session goes on', async () => {
  const { accessToken, sessionId } = await auth.sessions.start(ann.id);
  const headers = { authorization: `Bearer ${accessToken}` };
  const message = 'endSession() needs a request of Node or Express and its response';
  await expect(auth.endSession({ headers } as IncomingMessage, {} as never)).rejects.toThrow(message);
  const { given } = await posted((_req, res) =>
    auth.endSession(new Request('http://127.0.0.1/', { headers }) as never, res),
  );
  expect(given).toMatchObject({ name: 'TypeError', message: expect.stringContaining(message) });
  expect(await idsOf()).toEqual([sessionId]);
});

test('verify refuses a foreign page also where the request has no socket', async () => {
  const { accessToken } = await auth.sessions.start(ann.id);
  const headers = {
    host: 'app.example.com',
    origin: 'https://evil.example',
    cookie: `accessToken=${accessToken}`,
  };
  await expect(auth.verify({ method: 'POST', headers } as unknown as IncomingMessage)).rejects.toMatchObject({
    code: 'CROSS_SITE_REQUEST',
  });
});

test('verify with loadUser has the type of the stored user', async () => {
  const { accessToken } = await auth.sessions.start(ann.id);
  const { username }: { username: string } = await auth.verify(accessToken, { loadUser: true });
  expect(username).toBe('ann');
});
