import type { PostgresUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf, type EmailApp } from './email-app';
import { realStores } from '../../helpers/apps/feature-stores';

const [A, B, C] = ['a@example.com', 'b@example.com', 'c@example.com'];

let stores: Awaited<ReturnType<typeof realStores>>;
let users: PostgresUserStore;
/** Two processes of one app. */
let email: EmailApp;
let other: EmailApp;

beforeEach(async () => {
  stores = await realStores();
  users = stores.users as PostgresUserStore;
  email = emailApp({ stores });
  other = emailApp({ stores });
});

afterEach(async () => {
  await email.auth.close();
  await other.auth.close();
  await stores.close();
});

const undo = async (app: EmailApp, token: string) =>
  (await app.client().post('/auth/email/change/undo').send({ token })).status;

/** A thief with a session changes the address twice. @returns the user, and the tokens that restore A and B */
async function changedTwice() {
  const { id } = await users.create({ username: A, passwordHash: await email.auth.passwords.hash(PASSWORD) });
  const thief = email.browser();
  await thief.post('/auth/login').send({ username: A, password: PASSWORD });
  const change = async (from: string, to: string) => {
    await thief.post('/auth/email/change').send({ username: to });
    const token = tokenOf(await email.mailTo(to, 'email-change'));
    await thief.post('/auth/email/change/confirm').send({ token });
    return tokenOf(await email.mailTo(from, 'email-changed'));
  };
  return { id, toA: await change(A, B), toB: await change(B, C) };
}

test.each(['updateUsername', 'updatePasswordHash'] as const)(
  'a thief whose undo is at %s when the owner undoes the older change does not get the address back',
  async (step) => {
    const { id, toA, toB } = await changedTwice();
    const real = users[step].bind(users) as (...given: unknown[]) => Promise<boolean>;
    let owner: Promise<number> | undefined;
    jest.spyOn(users, step).mockImplementationOnce(async (...given) => {
      owner = undo(other, toA);
      expect(await owner).toBe(200);
      return real(...given);
    });
    await undo(email, toB);
    expect(owner).toBeDefined();
    expect((await users.findById(id))?.username).toBe(A);
  },
);

test('two undos at once, of an older and a newer change, leave the address of the older one', async () => {
  const { id, toA, toB } = await changedTwice();
  const [older] = await Promise.all([
    undo(other, toA),
    ...Array.from({ length: 10 }, () => undo(email, toB)),
  ]);
  expect(older).toBe(200);
  expect((await users.findById(id))?.username).toBe(A);
});

test('an undo by the owner of an address that was never proved wipes what a squatter has left', async () => {
  await email.auth.close();
  email = emailApp({ stores, account: { verification: 'later' } });
  const squatter = email.browser();
  await squatter.post('/auth/register').send({ username: A, password: PASSWORD });
  await squatter.post('/auth/login').send({ username: A, password: PASSWORD });
  const { id } = (await users.findByUsername(A)) as { id: string };
  await users.link(id, { issuer: 'https://idp.example', subject: 'squatter' });
  await users.credentials().add({ userId: id, kind: 'totp', id: 'of the squatter', data: 'sealed' });
  await squatter.post('/auth/email/change').send({ username: B });
  const confirmation = { token: tokenOf(await email.mailTo(B, 'email-change')) };
  await squatter.post('/auth/email/change/confirm').send(confirmation);
  expect(await undo(email, tokenOf(await email.mailTo(A, 'email-changed')))).toBe(200);
  expect((await users.findById(id))?.username).toBe(A);
  expect(await users.listIdentities(id)).toEqual([]);
  expect(await users.credentials().list(id, 'totp')).toEqual([]);
  expect((await squatter.post('/auth/refresh')).status).toBe(401);
  await email.mailTo(A, 'reset');
});
