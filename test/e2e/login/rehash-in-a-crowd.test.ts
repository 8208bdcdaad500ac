import { MemoryUserStore } from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';

useRealPasswords();

const OLD_HASH = 'old:right';

test('a right password logs in although the queue has no place to replace its old hash, which the next login does', async () => {
  const users = new MemoryUserStore();
  const crowd: Promise<unknown>[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let isCrowded = true;
  const app = createTestApp({
    users,
    limits: { address: false },
    password: {
      hasher: {
        hash: (password) => `new:${password}`,
        async verify(password, hash) {
          if (password === 'guess') await released;
          return hash.slice(4) === password;
        },
        async needsRehash(hash) {
          if (isCrowded) await fillQueue();
          return hash === OLD_HASH;
        },
      },
    },
  });
  await app.auth.ready();
  const logIn = (username: string, password: string) =>
    app.client().post('/auth/login').send({ username, password });

  /** Sends guesses from the user's own address until one is refused. */
  function fillQueue(): Promise<void> {
    return new Promise((resolve) => {
      for (let n = 0; n < 70; n += 1)
        crowd.push(
          logIn(`nobody-${n}`, 'guess').then((answer) => {
            if (answer.status !== 429) return;
            expectFailure(answer, 'TOO_MANY_ATTEMPTS');
            resolve();
          }),
        );
    });
  }

  await users.create({ username: 'ann', passwordHash: OLD_HASH });
  const hashOfAnn = async () => (await users.findByUsername('ann'))?.passwordHash;
  await logIn('ann', 'right').expect(200);
  expect(await hashOfAnn()).toBe(OLD_HASH);

  isCrowded = false;
  release();
  await Promise.all(crowd);
  await logIn('ann', 'right').expect(200);
  expect(await hashOfAnn()).toBe('new:right');
  await app.auth.close();
});
