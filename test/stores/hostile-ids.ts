import { randomUUID } from 'node:crypto';
import type { StoredUser } from '../../src';
import type { AppTableUserStore } from '../../src/stores/app-table/app-table-user-store';

const HASH = `$2b$10$${'c'.repeat(53)}`;

/** What `PostgresUserStore` has too. */
type Store = Omit<AppTableUserStore, 'takesFields'>;

/** Texts that are no id of a table, or another spelling of the id. Numbers are at the ends of what columns hold. */
const idsOfNobody = (id: string): string[] => [
  ...['0', '-1', '32768', '-32769', '2147483648', '-2147483649', '4294967295', '4294967296'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775809', '18446744073709551615'],
  ...['18446744073709551616', '9'.repeat(40), '1e3', '0x1', '1.0', '+1', '-0', '٣', '１', 'NaN'],
  ...[`${id} `, ` ${id}`, `${id}\t`, `0${id}`, `${id}.0`, `${id}abc`, `${id}0000000`, `{${id}}`, `${id}é`],
  ...['é', '😀', "'", '"', '\\', '%', '__proto__', 'constructor', 'null', randomUUID(), 'x'.repeat(255)],
];

/** No call with one of them finds, changes or throws anything, and the user keeps all that is theirs. */
export async function expectNobody(store: Store, user: StoredUser): Promise<void> {
  const credential = { userId: user.id, kind: 'totp', id: randomUUID(), data: 'x' };
  const identity = { issuer: 'https://id.example.com', subject: randomUUID() };
  const credentials = store.credentials();
  expect(await credentials.add(credential)).toBe(true);
  expect(await store.link(user.id, identity)).toBe(true);
  for (const id of idsOfNobody(user.id)) {
    const as = { ...credential, userId: id };
    const answers = [
      await store.findById(id),
      await store.updatePasswordHash(id, HASH, user.passwordHash),
      await store.updateUsername(id, randomUUID(), user.username),
      await store.update(id, { disabled: true }),
      await store.delete(id),
      await store.link(id, { ...identity, subject: randomUUID() }),
      await store.unlink(id, identity),
      await store.listIdentities(id),
      await credentials.list(id),
      await credentials.add({ ...as, id: randomUUID() }),
      await credentials.replace(as, 'y'),
      await credentials.remove(id, credential.kind, credential.id),
      await credentials.removeAll(id),
    ];
    const nothing = [undefined, false, false, false, false, false, false, [], [], false, false, false, 0];
    expect([id, answers]).toEqual([id, nothing]);
  }
  for (const id of ['', '\0', '\ud800', 'x'.repeat(1_000_000), 5, {}, [], null] as string[]) {
    expect(await store.findById(id)).toBeUndefined();
    expect(await store.updatePasswordHash(id, HASH, user.passwordHash)).toBe(false);
  }
  expect(await store.findById(user.id)).toEqual(user);
  expect(await credentials.list(user.id)).toMatchObject([credential]);
  expect(await store.listIdentities(user.id)).toEqual([identity]);
}
