import { PASSWORD } from '../helpers/apps/app';
import { eventually } from '../helpers/eventually';
import { postJson } from '../helpers/post-json';
import { useDocPage, type Running } from '../helpers/snippets';

// The recipes that send mails.
const page = useDocPage(
  'docs/recipes.md',
  ...['begin', 'end', 'functions', 'welcome', 'forgotten', 'verification'],
);
const NEW_PASSWORD = 'another horse 7 battery';
const APP_URL = 'https://app.example.com';

beforeAll(() => {
  page.write(
    'mail.mjs',
    'export const sendMail = async (to, text) => console.log(JSON.stringify({ to, text }));',
  );
});

const start = (recipe: string) => page.start(['begin', 'functions', recipe, 'end'], { APP_URL });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const register = (app: Running, username: string) =>
  app('/auth/register', postJson({ username, password: PASSWORD }));
const logIn = (app: Running, username: string, password = PASSWORD) =>
  app('/auth/login', postJson({ username, password }));

/** Reads the mails that an app sends from now on. */
function mailsOf(app: Running) {
  const mails: { to: string; text: string }[] = [];
  app.child.stdout?.on('data', (text: Buffer) => {
    for (const line of String(text).trim().split('\n')) mails.push(JSON.parse(line) as (typeof mails)[0]);
  });
  return {
    all: mails,
    async next() {
      await eventually('a mail', () => Promise.resolve(mails.length > 0));
      return mails.shift() as (typeof mails)[0];
    },
  };
}
const tokenIn = (text: string) => new URL(text).hash.slice(1);

test('a new user gets a welcome mail', async () => {
  const app = await page.start(['begin', 'welcome', 'end']);
  const mails = mailsOf(app);
  await register(app, 'ann@example.com');
  expect(await mails.next()).toEqual({ to: 'ann@example.com', text: 'Welcome!' });
});

describe('a forgotten password', () => {
  test('the link sets a new password once, and ends all sessions', async () => {
    const app = await start('forgotten');
    const mails = mailsOf(app);
    await register(app, 'ann@example.com');
    await logIn(app, 'ann@example.com');
    for (const username of ['no-one@example.com', 'ann@example.com'])
      expect((await app('/forgot', postJson({ username }))).status).toBe(202);
    const { to, text } = await mails.next();
    expect([to, text]).toEqual(['ann@example.com', expect.stringContaining(`${APP_URL}/reset#`)]);

    const token = tokenIn(text);
    for (const password of [undefined, 'short', 'password1'])
      expect(await codeOf(await app('/reset', postJson({ token, password })))).toBe('VALIDATION_FAILED');
    expect((await app('/reset', postJson({ token, password: NEW_PASSWORD }))).status).toBe(200);
    expect(await codeOf(await app('/auth/check'))).toBe('SESSION_REVOKED');
    expect((await logIn(app, 'ann@example.com')).status).toBe(401);
    expect((await logIn(app, 'ann@example.com', NEW_PASSWORD)).status).toBe(200);
    const again = await app('/reset', postJson({ token, password: PASSWORD }));
    expect([again.status, await codeOf(again), mails.all]).toEqual([400, 'FLOW_STATE_INVALID', []]);
  });

  test('of two links only the later one works, and of two requests with it only one', async () => {
    const app = await start('forgotten');
    const mails = mailsOf(app);
    await register(app, 'ann@example.com');
    const tokens: string[] = [];
    for (let mail = 0; mail < 2; mail += 1) {
      await app('/forgot', postJson({ username: 'ann@example.com' }));
      tokens.push(tokenIn((await mails.next()).text));
    }
    const [early, late] = tokens;
    const refused = await app('/reset', postJson({ token: early, password: NEW_PASSWORD }));
    expect(refused.status).toBe(400);
    const both = [1, 2].map(() => app('/reset', postJson({ token: late, password: NEW_PASSWORD })));
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 400]);
  });
});

test('an account exists only after its address has been verified', async () => {
  const app = await start('verification');
  const mails = mailsOf(app);
  expect((await app('/sign-up', postJson({ email: 'ann@example.com' }))).status).toBe(202);
  const token = tokenIn((await mails.next()).text);
  expect((await logIn(app, 'ann@example.com')).status).toBe(401);
  const confirm = () => app('/sign-up/confirm', postJson({ token, password: PASSWORD }));
  const confirmed = await confirm();
  expect([confirmed.status, await confirmed.json()]).toMatchObject([
    201,
    { user: { username: 'ann@example.com' } },
  ]);
  expect((await logIn(app, 'ann@example.com')).status).toBe(200);
  expect(await codeOf(await confirm())).toBe('FLOW_STATE_INVALID');

  await app('/sign-up', postJson({ email: 'Ann@example.com' }));
  expect((await mails.next()).text).toBe('You already have an account');
});
