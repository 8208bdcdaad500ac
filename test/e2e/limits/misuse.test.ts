import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'supertest';
import { PASSWORD } from '../../helpers/apps/app';
import { attemptBackends } from '../../helpers/apps/attempt-backends';
import { expectFailure } from '../../helpers/failures';
import { useLimitedApp } from '../../helpers/apps/limited-app';

const waitOf = (response: Response) => Number(response.headers['retry-after']);

describe.each(Object.entries(attemptBackends))(
  'limits turned against users, counted in %s',
  (name, start) => {
    const limited = useLimitedApp(start);
    const { open, login } = limited;
    const fail = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => login(`user ${index}`, 'wrong')));

    test('an existing and an unknown username are locked alike, in status, body, headers and waits', async () => {
      await open({ limits: { username: { failures: 3 }, address: false } });
      const eightAttempts = async (username: string) => {
        const answers: unknown[] = [];
        for (let attempt = 0; attempt < 8; attempt += 1) {
          const { status, body, headers, ...response } = await login(username, 'wrong');
          const minutes = Math.ceil(waitOf({ headers, ...response } as Response) / 60);
          answers.push([status, body, Object.keys(headers).sort(), minutes]);
          // After each lock the test ends the wait, where it can.
          if (status === 429) await limited.backend.endWait?.();
        }
        return answers;
      };
      const known = await eightAttempts('ann');
      expect(known).toContainEqual([429, expect.anything(), expect.anything(), name === 'memory' ? 1 : 2]);
      expect(await eightAttempts('nobody')).toEqual(known);
    });

    test("attempts during a wait don't extend it, and don't make the next one longer", async () => {
      await open({ limits: { username: { failures: 3 }, address: false } });
      for (let count = 0; count < 3; count += 1)
        expectFailure(await login('ann', 'wrong'), 'INVALID_CREDENTIALS');
      const first = waitOf(await login('ann', 'wrong'));
      await sleep(1000);
      const responses = await Promise.all(Array.from({ length: 20 }, () => login('ann', 'wrong')));
      for (const response of responses) {
        expectFailure(response, 'TOO_MANY_ATTEMPTS');
        expect(waitOf(response)).toBeLessThan(first);
      }
      if (!limited.backend.endWait) return;
      await limited.backend.endWait();
      expectFailure(await login('ann', 'wrong'), 'INVALID_CREDENTIALS');
      expect(waitOf(await login('ann', 'wrong'))).toBeLessThanOrEqual(120);
      await limited.backend.endWait();
      expect((await login('ann', PASSWORD)).status).toBe(200);
    });

    test('an address that keeps trying waits no longer than a minute', async () => {
      await open({ limits: { username: false, address: { failures: 2 } } });
      await fail(2);
      const first = waitOf(await login('ann', 'wrong'));
      expect(first).toBeLessThanOrEqual(60);
      await sleep(1000);
      for (const response of await fail(20)) {
        expectFailure(response, 'TOO_MANY_ATTEMPTS');
        expect(waitOf(response)).toBeLessThan(first);
      }
    });

    test('a stranger who locks a username ends none of its sessions, and does not block refresh and /password', async () => {
      await open({ limits: { username: { failures: 3 }, address: false } });
      const ann = await limited.testApp.loggedIn('ann');
      for (let count = 0; count < 13; count += 1) await login('ann', 'wrong');
      expectFailure(await login('ann', PASSWORD), 'TOO_MANY_ATTEMPTS');

      expect((await ann.get('/profile')).status).toBe(200);
      expect((await ann.post('/auth/refresh')).status).toBe(200);
      const change = { currentPassword: PASSWORD, newPassword: 'another stapler 4 you' };
      expect((await ann.post('/auth/password').send(change)).status).toBe(200);
      expect((await ann.get('/auth/info')).status).toBe(200);
    });

    test('attempts at /password without a valid access token are not counted', async () => {
      await open({ limits: { password: { failures: 2 } } });
      const ann = await limited.testApp.loggedIn('ann');
      const change = { currentPassword: 'wrong', newPassword: 'another stapler 4 you' };
      for (const token of ['', 'x', 'a.b.c', 'Bearer']) {
        for (let count = 0; count < 3; count += 1) {
          const response = await limited.testApp
            .client()
            .post('/auth/password')
            .auth(token, { type: 'bearer' })
            .send(change);
          expect(response.status).toBe(401);
        }
      }
      const right = { ...change, currentPassword: PASSWORD };
      expect((await ann.post('/auth/password').send(right)).status).toBe(200);
    });
  },
);
