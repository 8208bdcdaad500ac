import { randomUUID } from 'node:crypto';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { holdingClients, type HoldingClients } from '../../helpers/held-body';

let testApp: TestApp;
let clients: HoldingClients;
beforeEach(async () => {
  testApp = createTestApp();
  clients = await holdingClients(testApp.app);
});
afterEach(async () => {
  await clients.close();
  await testApp.auth.close();
});

test('a session that has ended ends no other, and changes no password, by a body that comes later', async () => {
  const { id } = await testApp.register('ann');
  const { accessToken: stolen } = await testApp.tokensOf('ann');
  const [session] = await testApp.auth.sessions.list(id);
  const owner = await testApp.loggedIn('ann');
  const { body: list } = await owner.get('/auth/sessions');
  const current = (list as { sessions: { id: string; current: boolean }[] }).sessions.find(
    (session) => session.current,
  );
  const change = { currentPassword: PASSWORD, newPassword: 'another horse 8 battery' };
  const held = [
    await clients.hold('DELETE', '/sessions', stolen),
    await clients.hold('DELETE', `/sessions/${current?.id}`, stolen),
    await clients.hold('POST', '/logout-all', stolen),
    await clients.hold('POST', '/password', stolen, change),
  ];
  await testApp.auth.sessions.revoke(id, (session as { sessionId: string }).sessionId);
  for (const each of held) expect(await each.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  expect((await owner.post('/auth/refresh')).status).toBe(200);
});

test('a repeated change of the password gets no tokens of a session that ends before its body comes', async () => {
  const { id } = await testApp.register('ann');
  const { accessToken } = await testApp.tokensOf('ann');
  const change = { currentPassword: PASSWORD, newPassword: 'another horse 8 battery' };
  const key = { 'Idempotency-Key': randomUUID() };
  const repeat = () => clients.hold('POST', '/password', accessToken, change, key);
  expect(await (await repeat()).finish()).toHaveProperty('refreshToken');
  const held = await repeat();
  await testApp.auth.sessions.revokeAll(id);
  expect(await held.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
});
