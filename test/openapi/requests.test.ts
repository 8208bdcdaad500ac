import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { Description } from '../helpers/apps/description';

const MIN_LENGTH = 10;
const testApp = createTestApp({
  usernameField: 'email',
  passwordField: 'secret',
  password: { cost: 10, minLength: MIN_LENGTH },
  // Bodies are checked before attempts are counted, so valid ones get 429, which saves the hashing.
  limits: { address: { failures: 1 }, register: { attempts: 1 }, password: { failures: 1 } },
});
const description = new Description(testApp.auth.openapi());
const ann = { accessToken: '' };

beforeAll(async () => {
  await testApp.client().post('/auth/register').send({ email: 'ann', secret: PASSWORD });
  ann.accessToken = (await testApp.tokensOf('ann')).accessToken;
});
afterAll(() => testApp.auth.close());

type Body = Record<string, unknown>;

/** Whether the server refuses the body itself. What follows when it accepts one doesn't matter. */
async function isRefused(path: string, body: unknown): Promise<boolean> {
  const request = testApp.client().post(`/auth${path}`);
  if (path === '/password') request.auth(ann.accessToken, { type: 'bearer' });
  const { status } = await request.send(body as object);
  return status === 400;
}

const GOOD: Record<string, Body> = {
  '/register': { email: 'bob', secret: 'ten or more' },
  '/login': { email: 'bob', secret: 'x', remember: true, transport: 'body' },
  '/refresh': { refreshToken: 'x' },
  '/logout': { refreshToken: 'x' },
  '/password': { currentPassword: 'x', newPassword: 'ten or more' },
};

const VALUES: unknown[] = [
  ...[null, 0, 1, true, false, [], ['ann'], {}],
  ...['', ' ', '\t\n', 'a', 'ä', 'cookie', 'body', 'Cookie', 'x'.repeat(254), 'x'.repeat(255)],
  ...[
    '😀'.repeat(254),
    '😀'.repeat(255),
    'q7'.repeat(MIN_LENGTH / 2),
    '🔑'.repeat(MIN_LENGTH - 1),
    '🔑'.repeat(MIN_LENGTH),
  ],
];

/** Good bodies in which each member is left out or has every other value, and bodies without the members. */
function bodiesFor(path: string): unknown[] {
  const good = GOOD[path] as Body;
  const variants = Object.keys(good).flatMap((member) => {
    const { [member]: _left, ...rest } = good;
    return [rest, ...VALUES.map((value) => ({ ...good, [member]: value }))];
  });
  return [good, { ...good, extra: 1 }, {}, [], ...variants];
}

describe('the server accepts and refuses the same bodies as the description:', () => {
  test.each(Object.keys(GOOD))('%s', async (path) => {
    const disagreements: string[] = [];
    let refused = 0;
    for (const body of bodiesFor(path)) {
      const byServer = await isRefused(path, body);
      if (byServer) refused += 1;
      const byDescription = !description.accepts('POST', path, body);
      if (byServer !== byDescription)
        disagreements.push(`${JSON.stringify(body)}: server ${String(byServer)}`);
    }
    expect(disagreements).toEqual([]);
    expect(refused).toBeGreaterThan(5);
    expect(refused).toBeLessThan(bodiesFor(path).length);
  });
});

describe("rules that JSON Schema can't express", () => {
  test.each<[string, string, Body]>([
    ['a common password', '/register', { email: 'bob', secret: '1234567890' }],
    ['a password that is the username', '/register', { email: 'bob the builder', secret: 'Bob the Builder' }],
    [
      'a password shorter than it looks',
      '/register',
      { email: 'bob', secret: 'e\u0301'.repeat(MIN_LENGTH - 1) },
    ],
    ['control characters', '/login', { email: 'b\u0007ob', secret: 'x' }],
    ['NUL', '/login', { email: 'bob', secret: 'nul\0nul' }],
    ['half a surrogate', '/login', { email: 'bob', secret: '\ud83d' }],
  ])('%s is refused only by the server', async (_case, path, body) => {
    expect(description.accepts('POST', path, body)).toBe(true);
    expect(await isRefused(path, body)).toBe(true);
  });

  test.each<[string, string, Body]>([
    ['white space around a long username', '/login', { email: `${'x'.repeat(254)} `, secret: 'x' }],
  ])('%s is refused only by the description', async (_case, path, body) => {
    expect(description.accepts('POST', path, body)).toBe(false);
    expect(await isRefused(path, body)).toBe(false);
  });
});

describe('Idempotency-Key', () => {
  const { schema } = testApp.auth.openapi().paths['/refresh']?.['post'].parameters[0] as {
    schema: { pattern: string };
  };

  test.each(['x', 'a-key', '!~', 'x'.repeat(128), 'x'.repeat(129), 'two words', 'ä', ' '])(
    '%j',
    async (key) => {
      const sent = key.trim(); // HTTP strips white space around a value
      const { status } = await testApp.client().post('/auth/refresh').set('Idempotency-Key', key);
      expect(status === 400).toBe(!new RegExp(schema.pattern, 'u').test(sent));
    },
  );
});
