import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, NEW_PASSWORD } from './email-app';

const ANN = 'ann@example.com';

test.each([
  ['English', undefined, 'en'],
  ['the language of the option locale', 'ko', 'ko'],
] as const)(
  'a password that POST /password changes is mailed to its owner, in %s',
  async (_title, locale, expected) => {
    const users = new MemoryUserStore();
    const email = emailApp({
      stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
      auth: locale === undefined ? {} : { locale },
    });
    const passwordHash = await email.auth.passwords.hash(PASSWORD);
    const change = async (username: string, currentPassword: string) => {
      const browser = email.browser();
      await browser.post('/auth/login').send({ username, password: PASSWORD });
      const body = { currentPassword, newPassword: NEW_PASSWORD };
      return (await browser.post('/auth/password').send(body)).status;
    };
    for (const username of [ANN, 'no-address']) await users.create({ username, passwordHash });
    expect(await change(ANN, 'wrong horse battery')).toBe(401);
    expect(await change('no-address', PASSWORD)).toBe(200);
    expect(await change(ANN, PASSWORD)).toBe(200);
    const mail = await email.mailTo(ANN, 'password-changed');
    expect(mail).toMatchObject({ locale: expected, userId: (await users.findByUsername(ANN))?.id });
    expect(email.mails).toEqual([]);
    await email.auth.close();
  },
);
