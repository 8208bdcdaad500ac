import { randomUUID } from 'node:crypto';
import request from 'supertest';
import type { EmailAccountOptions, UserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf } from './email-app';

/** An app's table of users with a column for proved addresses. */
export interface VerifiedTable {
  readonly users: UserStore;
  /** Whether the column says so. */
  isVerified(email: string): Promise<boolean>;
  /** Changes the column past the store, as the app's own code does. */
  setVerified(email: string): Promise<unknown>;
}

/** The column follows what the feature knows, and the feature takes the app's word. */
export function proveVerifiedColumn(table: () => VerifiedTable): void {
  const start = (verification: NonNullable<EmailAccountOptions['verification']>) => {
    const email = emailApp({ auth: { users: table().users }, account: { verification } });
    email.app.get('/who', email.auth.tokenVerify, (req, res) => void res.json(req.user));
    const browser = request.agent(email.app);
    const post = (path: string, body: object) => browser.post(`/auth${path}`).send(body);
    const mailed = async (to: string, kind: Parameters<typeof email.mailTo>[1]) =>
      tokenOf(await email.mailTo(to, kind));
    const claim = async () => ((await browser.get('/who')).body as { emailVerified?: boolean }).emailVerified;
    return { email, browser, post, mailed, claim };
  };

  test('the column of the app says which addresses are proved, through a change and its undo', async () => {
    const { email, post, mailed, claim } = start('later');
    const { isVerified } = table();
    const [one, two] = [`${randomUUID()}@example.com`, `${randomUUID()}@example.com`];
    await post('/register', { username: one, password: PASSWORD });
    await post('/login', { username: one, password: PASSWORD });
    expect([await claim(), await isVerified(one)]).toEqual([false, false]);
    await post('/email/verify', { token: await mailed(one, 'verify') });
    expect([await claim(), await isVerified(one)]).toEqual([true, true]);
    await post('/email/change', { username: two });
    expect((await post('/email/change/confirm', { token: await mailed(two, 'email-change') })).status).toBe(
      200,
    );
    expect(await isVerified(two)).toBe(true);
    expect((await post('/email/change/undo', { token: await mailed(one, 'email-changed') })).status).toBe(
      200,
    );
    expect(await isVerified(one)).toBe(true);
    await email.auth.close();
  });

  test('what the app has written counts, until the user has another address', async () => {
    const { email, post, claim } = start('later');
    const { users, isVerified, setVerified } = table();
    const [one, two] = [`${randomUUID()}@example.com`, `${randomUUID()}@example.com`];
    const { id } = await users.create({
      username: one,
      passwordHash: await email.auth.passwords.hash(PASSWORD),
    });
    await setVerified(one);
    await post('/login', { username: one, password: PASSWORD });
    expect(await claim()).toBe(true);
    await users.updateUsername?.(id, two, one);
    await post('/refresh', {});
    expect([await claim(), await isVerified(two)]).toEqual([false, false]);
    await email.account.markVerified(id);
    await post('/refresh', {});
    expect([await claim(), await isVerified(two)]).toEqual([true, true]);
    await email.auth.close();
  });

  test("with verification: 'required' an account is proved from the beginning", async () => {
    const { email, post, mailed } = start('required');
    const name = `${randomUUID()}@example.com`;
    await post('/register', { username: name, password: PASSWORD });
    await post('/email/verify', { token: await mailed(name, 'verify') });
    expect(await table().isVerified(name)).toBe(true);
    await email.auth.close();
  });
}
