import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { eventually } from '../../helpers/eventually';
import { factorApp, type FactorApp } from './factor-app';

let factor: FactorApp;
let server: Server;
beforeEach(async () => {
  factor = factorApp();
  server = createServer(factor.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await factor.auth.close();
});

interface Held {
  /** Sends the body. @returns the code of the answer */
  finish(): Promise<unknown>;
}

/** A request whose guards have let it through, and which waits for its body. */
async function hold(method: string, path: string, accessToken: string): Promise<Held> {
  const { port } = server.address() as AddressInfo;
  const headers = {
    Authorization: `Bearer ${accessToken}`,
    'Content-Type': 'application/json',
    'Content-Length': 2,
  };
  const arrived = once(server, 'request') as Promise<[IncomingMessage]>;
  const sent = request({ host: '127.0.0.1', port, method, path: `/auth${path}`, headers, agent: false });
  sent.flushHeaders();
  const [received] = await arrived;
  await eventually('the body is waited for', () => Promise.resolve(received.listenerCount('data') > 0));
  return {
    async finish() {
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      sent.end('{}');
      const [answer] = await answered;
      return ((await json(answer)) as { code: unknown }).code;
    },
  };
}

test('a thief with the password gets no recovery codes by a body that comes after the enrolment', async () => {
  const ann = await factor.createUser('ann');
  const { body: thief } = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
  const held = await hold('POST', '/factors/recovery-codes', (thief as { accessToken: string }).accessToken);
  const { recoveryCodes } = await factor.enrol(ann.username);
  expect(await held.finish()).toBe('SESSION_REVOKED');
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
  const { body: second } = await factor.secondStep(browser, { code: authenticator.nextCode(), challenge });
  const held = await hold(
    'DELETE',
    `/factors/${authenticator.id}`,
    (second as { accessToken: string }).accessToken,
  );
  await factor.auth.sessions.revokeAll(ann.id);
  expect(await held.finish()).toBe('SESSION_REVOKED');
  const later = factor.browser();
  await factor.firstStep(later, ann.username);
  expect((await factor.secondStep(later, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
});
