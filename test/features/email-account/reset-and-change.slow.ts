import { setTimeout as pause } from 'node:timers/promises';
import { PASSWORD } from '../../helpers/apps/app';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';
import { emailApp, NEW_PASSWORD, tokenOf } from './email-app';
import { EACH_STORES } from '../../helpers/apps/feature-stores';

// A change of the address comes while the new password is hashed.
useRealPasswords();

const ROUNDS = 40;
/** About as long as the hash of the new password takes. */
const LONGEST_LEAD_MS = 120;

test.each(EACH_STORES)(
  'of a reset and a change of the address at once, at most one holds (%s)',
  async (_name, open) => {
    const stores = await open();
    const apps = [emailApp({ stores }), emailApp({ stores })] as const;
    const [email, other] = apps;
    const passwordHash = await email.auth.passwords.hash(PASSWORD);
    for (let round = 0; round < ROUNDS; round += 1) {
      const [from, to] = [`from${round}@example.com`, `to${round}@example.com`];
      const { id } = await stores.users.create({ username: from, passwordHash });
      const { accessToken } = await email.auth.sessions.start(id);
      const bearer = `Bearer ${accessToken}`;
      const asking = email.client().post('/auth/email/change').set('Authorization', bearer);
      expect((await asking.send({ username: to })).status).toBe(202);
      await email.client().post('/auth/password/forgot').send({ username: from });
      const token = tokenOf(await email.mailTo(from, 'reset'));
      const change = tokenOf(await email.mailTo(to, 'email-change'));
      const [reset, confirmed] = await Promise.all([
        email.client().post('/auth/password/reset').send({ token, newPassword: NEW_PASSWORD }),
        pause(Math.random() * LONGEST_LEAD_MS).then(() =>
          other
            .client()
            .post('/auth/email/change/confirm')
            .set('Authorization', bearer)
            .send({ token: change }),
        ),
      ]);
      const statuses = [reset.status, confirmed.status];
      expect([
        [200, 401],
        [401, 200],
        [401, 401],
      ]).toContainEqual(statuses);
      const username = confirmed.status === 200 ? to : from;
      const password = reset.status === 200 ? NEW_PASSWORD : PASSWORD;
      expect((await email.client().post('/auth/login').send({ username, password })).status).toBe(200);
    }
    for (const { auth } of apps) await auth.close();
    await stores.close();
  },
);
