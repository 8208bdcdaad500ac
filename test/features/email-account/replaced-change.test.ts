import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf, type EmailApp } from './email-app';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const [MALLORY, OWN, ASKED] = ['mallory@example.com', 'own@example.com', 'asked@example.com'];

describe.each(EACH_STORES)('on %s', (_name, open) => {
  let stores: OpenStores;
  let email: EmailApp;

  beforeEach(async () => {
    stores = await open();
    email = emailApp({ stores });
    await stores.users.create({
      username: MALLORY,
      passwordHash: await email.auth.passwords.hash(PASSWORD),
    });
  });

  afterEach(async () => {
    await email.auth.close();
    await stores.close();
  });

  test.each(['free', 'taken'])(
    'the link of an earlier change is no good after one to a %s address, so it does not tell which it was',
    async (kind) => {
      if (kind === 'taken') await stores.users.create({ username: ASKED, passwordHash: null });
      const browser = email.browser();
      await browser.post('/auth/login').send({ username: MALLORY, password: PASSWORD });
      const ask = (username: string) => browser.post('/auth/email/change').send({ username });
      await ask(OWN);
      const token = tokenOf(await email.mailTo(OWN, 'email-change'));
      expect((await ask(ASKED)).status).toBe(202);
      expect((await browser.post('/auth/email/change/confirm').send({ token })).body).toMatchObject({
        code: 'ONE_TIME_TOKEN_INVALID',
      });
    },
  );
});
