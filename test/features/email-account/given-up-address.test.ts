import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf, type EmailApp } from './email-app';

const [A, B] = ['a@example.com', 'b@example.com'];

/** An owner of the address, who gives it up as a change of address does, right after the nth question of a registration. */
async function withOwner(verification: 'required' | 'later', givesUpAfter: number) {
  const users = new MemoryUserStore();
  const email = emailApp({
    stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
    account: { verification },
  });
  const register = () => email.client().post('/auth/register').send({ username: A, password: PASSWORD });
  const token = verification === 'required' ? await tokenFrom(email, register) : '';
  const owner = await users.create({ username: A, passwordHash: null });
  let questions = 0;
  const giveUp = async () => {
    questions += 1;
    if (questions !== givesUpAfter) return;
    await users.credentials().add({ userId: owner.id, kind: 'former-address', id: A, data: reservation() });
    await users.updateUsername(owner.id, B, A);
  };
  for (const [store, method] of [
    [users, 'findByUsername'],
    [users.credentials(), 'find'],
  ] as [object, string][]) {
    const original = Reflect.get(store, method) as (...args: unknown[]) => Promise<unknown>;
    jest.spyOn(store as never, method as never).mockImplementation((async (...args: unknown[]) => {
      const answer = await original.apply(store, args);
      await giveUp();
      return answer;
    }) as never);
  }
  const proof = { token, password: PASSWORD };
  const { status } = await (verification === 'required'
    ? email.client().post('/auth/email/verify').send(proof)
    : register());
  jest.restoreAllMocks();
  const other = await users.findByUsername(A);
  await email.auth.close();
  return { status, isTaken: other !== undefined && other.id !== owner.id, questions };
}

async function tokenFrom(email: EmailApp, register: () => PromiseLike<{ status: number }>): Promise<string> {
  expect((await register()).status).toBe(202);
  return tokenOf(await email.mailTo(A, 'verify'));
}

function reservation(): string {
  const until = new Date(Date.now() + 60_000).toISOString();
  return JSON.stringify({ until, since: new Date().toISOString() });
}

test.each([
  ['required', 401],
  ['later', 409],
] as const)(
  'an address that its owner gives up in the middle of a registration stays reserved (%s)',
  async (verification, refused) => {
    for (let moment = 1, asked = 1; moment <= asked; moment += 1) {
      const { status, isTaken, questions } = await withOwner(verification, moment);
      expect([moment, status, isTaken]).toEqual([moment, refused, false]);
      asked = questions;
    }
  },
);
