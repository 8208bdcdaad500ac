import { PASSWORD } from '../../helpers/apps/app';
import { holdingClients, type HoldingClients } from '../../helpers/held-body';
import { passkeyApp, type PasskeyApp } from './passkey-app';

let app: PasskeyApp;
let clients: HoldingClients;
beforeEach(async () => {
  app = passkeyApp();
  clients = await holdingClients(app.app);
});
afterEach(async () => {
  await clients.close();
  await app.auth.close();
});

test('a session that has ended renames no passkey, and gets no options of its user, by a body that comes later', async () => {
  const { user, passkey } = await app.enrolled('ann');
  const login = { username: 'ann', password: PASSWORD, transport: 'body' };
  const { body } = await app.client().post('/auth/login').send(login);
  const { accessToken } = body as { accessToken: string };
  const rename = await clients.hold('PATCH', `/passkeys/${passkey.id}`, accessToken, { name: 'Mine' });
  const options = await clients.hold('POST', '/login/passkey/options', accessToken);
  await app.auth.sessions.revokeAll(user.id);
  expect(await rename.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  expect(await options.finish()).toMatchObject({ allowCredentials: [] });
});
