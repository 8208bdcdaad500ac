import { randomUUID } from 'node:crypto';
import type { FactorName, FactorSet } from '../../src/features/factor-row';
import { FactorSets } from '../../src/features/factor-sets';
import { AuthError, type CredentialStore } from '../../src/index';
import { EACH_STORES, type OpenStores } from '../helpers/apps/feature-stores';

const MOST = 10;
const PARALLEL = 40;
const CODES = [{ hash: 'of a code' }];
const anything = () => undefined;

describe.each(EACH_STORES)('the factors of a user, on %s', (_name, open) => {
  let stores: OpenStores;
  let credentials: CredentialStore;
  let userId: string;
  /** As two processes have them. */
  let sets: readonly FactorSets[];

  beforeAll(async () => {
    stores = await open();
    credentials = stores.users.credentials!();
    sets = [1, 2].map(() => new FactorSets(credentials));
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    userId = (await stores.users.create({ username: randomUUID(), passwordHash: null })).id;
  });

  const setsAt = (at: number) => sets[at % 2] as FactorSets;
  const store = async (count: number) => {
    const names = Array.from({ length: count }, (): FactorName => ({ kind: 'passkey', id: randomUUID() }));
    for (const name of names) expect(await credentials.add({ ...name, userId, data: '{}' })).toBe(true);
    return names;
  };
  const outcomes = async (calls: Promise<boolean | string>[]) =>
    (await Promise.allSettled(calls)).map((call) => (call.status === 'fulfilled' ? call.value : 'refused'));
  const refuseIf = (isRefused: boolean) => {
    if (isRefused) throw new AuthError('TOO_MANY_FACTORS');
  };
  const add = async (at: number, of: string, name: FactorName, mayAdd: (set: FactorSet) => void = anything) =>
    (await setsAt(at).add(of, name, mayAdd)).outcome;
  const idsOf = ({ factors }: FactorSet) => factors.map(({ id }) => id);
  const count = (of: readonly unknown[], value: unknown) => of.filter((each) => each === value).length;

  test('of parallel additions exactly as many succeed as there is room for', async () => {
    const names = await store(PARALLEL);
    const added = await outcomes(
      names.map((name, at) => add(at, userId, name, ({ factors }) => refuseIf(factors.length >= MOST))),
    );
    expect([count(added, 'added'), count(added, 'refused')]).toEqual([MOST, PARALLEL - MOST]);
    const { factors, unfinished } = await setsAt(0).of(userId);
    expect([factors.length, unfinished.length]).toEqual([MOST, PARALLEL - MOST]);
  });

  test('of parallel additions of one credential, one is told that it has made it a factor', async () => {
    const [own] = await store(1);
    const added = await outcomes([0, 1, 2, 3].map((at) => add(at, userId, own!)));
    expect(added.toSorted()).toEqual(['added', 'was one', 'was one', 'was one']);
  });

  test('of a settlement and of takings back at the same moment the first one counts', async () => {
    for (const name of await store(MOST)) {
      const { addition } = await setsAt(0).add(userId, name, anything);
      const [settled, ...takenBack] = await Promise.all([
        setsAt(0).settle(userId, name, addition),
        ...[1, 2, 3].map((at) => setsAt(at).takeBack(userId, name, addition)),
      ]);
      expect(count(takenBack, 'taken back')).toBe(settled ? 0 : 1);
      expect(idsOf(await setsAt(0).of(userId)).includes(name.id)).toBe(settled);
      // What is settled stays, and what was taken back is no factor: nothing is left to undo.
      expect(await setsAt(1).takeBack(userId, name, addition)).toBe(settled ? 'settled' : 'gone');
      expect(await setsAt(1).settle(userId, name, addition)).toBe(settled);
    }
  });

  test('a factor that was removed and added again is another addition, which the first one neither settles nor undoes', async () => {
    const [own] = await store(1);
    const first = await setsAt(0).add(userId, own!, anything);
    await setsAt(0).remove(userId, own!, anything);
    const second = await setsAt(1).add(userId, own!, anything);
    expect([first.outcome, second.outcome]).toEqual(['added', 'added']);
    expect(await setsAt(0).takeBack(userId, own!, first.addition)).toBe('settled');
    expect(await setsAt(0).settle(userId, own!, first.addition)).toBe(false);
    expect(await setsAt(1).takeBack(userId, own!, second.addition)).toBe('taken back');
    expect(await setsAt(0).of(userId)).toMatchObject({ factors: [] });
  });

  test('of parallel calls that keep a factor stored, one is told that it was awaited, and one that may not takes no mark away', async () => {
    const [own] = await store(1);
    const data = JSON.stringify({ awaitedUntil: 1 });
    expect(await credentials.replace({ ...own!, userId, data: '{}' }, data)).toBe(true);
    await setsAt(0).add(userId, own!, anything);
    const refused = setsAt(0).keepStored(userId, own!, () => refuseIf(true));
    await expect(refused).rejects.toMatchObject({ code: 'TOO_MANY_FACTORS' });
    const kept = await Promise.all([0, 1, 2, 3].map((at) => setsAt(at).keepStored(userId, own!)));
    expect([count(kept, true), count(kept, false)]).toEqual([1, 3]);
    expect(await setsAt(0).deleteAbandoned(userId, 2)).toMatchObject({ factors: [own] });
  });

  test('of parallel removals that each would leave one, exactly one factor is left', async () => {
    const names = await store(MOST);
    for (const name of names) await setsAt(0).add(userId, name, anything);
    const removed = await outcomes(
      names.map((name, at) =>
        setsAt(at).remove(userId, name, ({ factors }) => refuseIf(factors.length === 1)),
      ),
    );
    expect([count(removed, true), count(removed, 'refused')]).toEqual([MOST - 1, 1]);
    expect(idsOf(await setsAt(0).of(userId))).toEqual([names[removed.indexOf('refused')]?.id]);
  });

  test('the codes go with the last factor, and stay when another is added before', async () => {
    const [first, ...others] = await store(PARALLEL);
    if (!first) throw new Error('no factor was stored');
    await setsAt(0).add(userId, first, anything);
    const makeCodes = (at: number) =>
      setsAt(at).change(userId, (set) =>
        set.factors.length > 0 && !set.codes ? { ...set, codes: CODES } : undefined,
      );
    await makeCodes(0);
    await Promise.all([
      setsAt(1).remove(userId, first, anything),
      ...others.slice(0, MOST).map((name, at) =>
        setsAt(at)
          .add(userId, name, anything)
          .then(() => makeCodes(at)),
      ),
    ]);
    const set = await setsAt(0).of(userId);
    expect([set.factors.length, set.codes]).toEqual([MOST, CODES]);
    await Promise.all(
      set.factors.map(({ id }, at) => setsAt(at).remove(userId, { kind: 'passkey', id }, anything)),
    );
    expect(await setsAt(0).of(userId)).toMatchObject({ factors: [], codes: undefined });
  });

  test('what is not stored, or not the user’s, is no factor; what is deleted elsewhere is none any more', async () => {
    const [own, other] = await store(2);
    const { id: bob } = await stores.users.create({ username: randomUUID(), passwordHash: null });
    expect(await add(0, bob, own!)).toBe('unknown');
    expect(await add(0, userId, { kind: 'totp', id: own!.id })).toBe('unknown');
    expect(await setsAt(0).remove(userId, { kind: 'totp', id: own!.id }, anything)).toBe(false);
    for (const name of [own!, other!]) expect(await add(0, userId, name)).toBe('added');
    await credentials.remove(userId, 'passkey', own!.id);
    expect(idsOf(await setsAt(0).of(userId))).toEqual([other!.id]);
    await setsAt(0).removeAll(userId);
    const { factors, unfinished } = await setsAt(0).of(userId);
    expect([factors, unfinished.map(({ id }) => id)]).toEqual([[], [other!.id]]);
  });

  test('a factor of a kind that only a newer process knows stays one, whatever an older process changes', async () => {
    const [own, other] = await store(2);
    const newer = { kind: 'security-question', id: randomUUID() };
    await credentials.add({ ...newer, userId, data: '{}' });
    await setsAt(0).change(userId, (set) => ({ ...set, factors: [newer], codes: CODES }));
    for (const name of [own!, other!]) expect(await add(1, userId, name)).toBe('added');
    expect(await setsAt(1).remove(userId, own!, anything)).toBe(true);
    expect(await setsAt(1).remove(userId, other!, anything)).toBe(true);
    const { factors, codes } = await setsAt(1).of(userId);
    expect([factors.map(({ kind, id }) => ({ kind, id })), codes]).toEqual([[newer], CODES]);
  });

  test('what only a newer process knows of the row stays in it, whatever an older process changes', async () => {
    const [own, other] = await store(2);
    await setsAt(0).add(userId, own!, anything);
    const row = (await credentials.list(userId, 'factors'))[0]!;
    const newer = { held: [{ factor: 'of a newer process' }] };
    const data = JSON.stringify({ ...(JSON.parse(row.data) as object), ...newer });
    expect(await credentials.replace(row, data)).toBe(true);
    expect(await add(1, userId, other!)).toBe('added');
    expect(await setsAt(1).remove(userId, own!, anything)).toBe(true);
    const [changed] = await credentials.list(userId, 'factors');
    expect(JSON.parse(changed!.data)).toMatchObject(newer);
  });

  test('a row that was moved from another user says nothing about this one', async () => {
    const [own] = await store(1);
    const { id: bob } = await stores.users.create({ username: randomUUID(), passwordHash: null });
    await credentials.add({ userId, kind: 'factors', id: bob, data: '{"factors":[],"codes":null}' });
    const down = { code: 'SERVICE_UNAVAILABLE' };
    await expect(setsAt(0).of(userId)).rejects.toMatchObject(down);
    await expect(setsAt(0).add(userId, own!, anything)).rejects.toMatchObject(down);
    await setsAt(0).removeAll(userId);
    expect(await add(0, userId, own!)).toBe('added');
  });
});
