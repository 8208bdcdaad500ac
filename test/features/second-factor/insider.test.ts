import { randomUUID } from 'node:crypto';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { factorApp, refused, type FactorApp } from './factor-app';

describe.each(EACH_STORES)('someone who has an account and writes to the database, on %s', (_name, open) => {
  let stores: OpenStores;
  let factor: FactorApp;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  beforeEach(() => {
    factor = factorApp({ stores });
  });

  afterEach(() => factor.auth.close());

  const set = async () => {
    const [ann, bob] = [
      await factor.createUser(`ann-${randomUUID()}`),
      await factor.createUser(`bob-${randomUUID()}`),
    ];
    await factor.enrol(ann.username);
    const { recoveryCodes } = await factor.enrol(bob.username);
    const credentials = stores.users.credentials!();
    const rowOf = async (id: string) => (await credentials.list(id, 'factors'))[0]!;
    return { ann, bob, credentials, rowOf, recoveryCodes };
  };

  test("can't log another user in by the hashes of their own recovery codes", async () => {
    const { ann, bob, credentials, rowOf, recoveryCodes } = await set();
    const row = await rowOf(ann.id);
    const { codes } = JSON.parse((await rowOf(bob.id)).data) as { codes: unknown };
    const data = JSON.stringify({ ...(JSON.parse(row.data) as object), codes });
    expect(await credentials.replace(row, data)).toBe(true);
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const { status, body } = await factor.secondStep(browser, { recoveryCode: recoveryCodes[0] });
    expect([status, body]).toEqual([401, refused('INVALID_SECOND_FACTOR')]);
  });

  test("can't put their own row in the place of another user's", async () => {
    const { ann, bob, credentials, rowOf } = await set();
    const { data } = await rowOf(bob.id);
    await credentials.removeAll(bob.id);
    await credentials.removeAll(ann.id, { kinds: ['factors'] });
    await credentials.add({ userId: ann.id, kind: 'factors', id: bob.id, data });
    const { status, body } = await factor.firstStep(factor.browser(), ann.username);
    expect([status, body]).toEqual([503, refused('SERVICE_UNAVAILABLE')]);
  });
});
