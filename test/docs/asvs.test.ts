import { PostgresUserStore } from '../../src/index';
import { testClock } from '../../src/testing/index';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { createDatabase } from '../helpers/apps/backends';

/** Requirements of OWASP ASVS 5.0 that no other test covers. docs/security.md goes through all requirements. */

test('a password does not expire: it logs in after ten years (6.2.10)', async () => {
  const clock = testClock();
  const testApp = createTestApp({ clock });
  await testApp.register('ann');
  clock.advance('3650d');
  await testApp.client().post('/auth/login').send({ username: 'ann', password: PASSWORD }).expect(200);
  await testApp.auth.close();
});

test('there are no default accounts (6.3.2)', async () => {
  const database = await createDatabase();
  const users = new PostgresUserStore(database.pool);
  await users.migrate();
  expect(await users.list()).toEqual([]);
  await database.close();
});

test('three logins to one account each start a session, and none ends another (7.1.2)', async () => {
  const testApp = createTestApp();
  const { id } = await testApp.register('ann');
  const browsers = [
    await testApp.loggedIn('ann'),
    await testApp.loggedIn('ann'),
    await testApp.loggedIn('ann'),
  ];
  expect(await testApp.auth.sessions.list(id)).toHaveLength(3);
  for (const browser of browsers) await browser.get('/profile').expect(200);
  await testApp.auth.close();
});
