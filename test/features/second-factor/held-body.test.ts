import { PASSWORD } from '../../helpers/apps/app';
import { holdingClients, type HoldingClients } from '../../helpers/held-body';
import { factorApp, type FactorApp } from './factor-app';

let factor: FactorApp;
let clients: HoldingClients;
beforeEach(async () => {
  factor = factorApp();
  clients = await holdingClients(factor.app);
});
afterEach(async () => {
  await clients.close();
  await factor.auth.close();
});

const tokenOf = ({ body }: { body: unknown }) => (body as { accessToken: string }).accessToken;

test('a thief with the password gets no recovery codes by a body that comes after the enrolment', async () => {
  const ann = await factor.createUser('ann');
  const thief = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
  const held = await clients.hold('POST', '/factors/recovery-codes', tokenOf(thief));
  const { recoveryCodes } = await factor.enrol(ann.username);
  expect(await held.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  const browser = factor.browser();
  await factor.firstStep(browser, ann.username);
  expect((await factor.secondStep(browser, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
});

test('a session that has ended removes no factor by a body that comes later', async () => {
  const ann = await factor.createUser('ann');
  const { authenticator, recoveryCodes } = await factor.enrol(ann.username);
  const browser = factor.browser();
  const { body: first } = await factor.firstStep(browser, ann.username, { transport: 'body' });
  const { challenge } = first as { challenge: string };
  const second = await factor.secondStep(browser, { code: authenticator.nextCode(), challenge });
  const held = await clients.hold('DELETE', `/factors/${authenticator.id}`, tokenOf(second));
  await factor.auth.sessions.revokeAll(ann.id);
  expect(await held.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  const later = factor.browser();
  await factor.firstStep(later, ann.username);
  expect((await factor.secondStep(later, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
});

test('a session that has ended is not raised, and tries no password, by a body that comes later', async () => {
  const ann = await factor.createUser('ann');
  const thief = tokenOf(await factor.firstStep(factor.client(), ann.username, { transport: 'body' }));
  const right = await clients.hold('POST', '/reauthenticate', thief, { password: PASSWORD });
  const wrong = await clients.hold('POST', '/reauthenticate', thief, { password: 'a guess of a thief' });
  await factor.auth.sessions.revokeAll(ann.id);
  for (const held of [right, wrong]) expect(await held.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  expect(await factor.auth.sessions.list(ann.id)).toEqual([]);
});

test('a session that has ended makes no browser ask for the second factor again, by a body that comes later', async () => {
  const ann = await factor.createUser('ann');
  const { authenticator } = await factor.enrol(ann.username);
  const trusted = factor.browser();
  await factor.firstStep(trusted, ann.username);
  await factor.secondStep(trusted, { code: authenticator.nextCode(), trustDevice: true });
  const { body: first } = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
  const { challenge } = first as { challenge: string };
  const token = tokenOf(
    await factor.secondStep(factor.client(), { code: authenticator.nextCode(), challenge }),
  );
  const { body: list } = await trusted.get('/auth/trusted-devices');
  const { devices } = list as { devices: { id: string }[] };
  const held = [
    await clients.hold('DELETE', '/trusted-devices', token),
    await clients.hold('DELETE', `/trusted-devices/${devices[0]?.id}`, token),
  ];
  await factor.auth.sessions.revokeAll(ann.id);
  for (const each of held) expect(await each.finish()).toMatchObject({ code: 'SESSION_REVOKED' });
  expect((await factor.firstStep(trusted, ann.username)).status).toBe(200);
});
