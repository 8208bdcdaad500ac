import { rmSync } from 'node:fs';
import { PASSWORD } from '../helpers/apps/app';
import { useDocPage, type Running } from '../helpers/snippets';

const page = useDocPage('docs/session-ends.md');
let browse: Running;

beforeAll(async () => {
  page.write(
    'yours.mjs',
    `import { existsSync } from 'node:fs';
     const isHeld = () => existsSync(new URL('held.json', import.meta.url));
     export async function permissionsOf(id) {
       const readAt = performance.now();
       while (isHeld()) await new Promise((resolve) => setTimeout(resolve, 20));
       return { of: id, readAt };
     }
     export const exportFor = (_id, signal) =>
       new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));`,
  );
  browse = await page.start('session-ends');
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  expect((await browse('/auth/register', { method: 'POST', body })).status).toBe(201);
});

test('a stream and a job end when the user logs out, and cached permissions are read again', async () => {
  const login = async () => {
    const body = JSON.stringify({ username: 'ann', password: PASSWORD });
    expect((await browse('/auth/login', { method: 'POST', body })).status).toBe(200);
  };
  await login();
  const permissions = async () => (await browse('/permissions')).json() as Promise<{ readAt: number }>;
  const { readAt } = await permissions();
  expect(await permissions()).toMatchObject({ readAt });

  const stream = await browse('/events');
  expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const events = stream.text();
  const job = browse('/exports', { method: 'POST' });
  // The job has begun when the server has answered a request that came after it.
  await permissions();
  expect((await browse('/auth/logout', { method: 'POST' })).status).toBe(200);

  expect(await events).toMatch(/^retry: 1000/);
  const answer = await job;
  expect([answer.status, await answer.json()]).toEqual([401, { code: 'SESSION_REVOKED' }]);
  await login();
  const later = await permissions();
  expect(later.readAt).toBeGreaterThan(readAt);

  // Those that were being read when a session ended are forgotten too.
  await browse('/auth/logout', { method: 'POST' });
  await login();
  const held = page.write('held.json', '{}');
  const reading = permissions();
  expect((await browse('/auth/check')).status).toBe(200);
  await browse('/auth/logout', { method: 'POST' });
  rmSync(held);
  const before = await reading;
  await login();
  expect((await permissions()).readAt).toBeGreaterThan(before.readAt);
});
