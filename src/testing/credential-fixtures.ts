import { randomInt, randomUUID } from 'node:crypto';
import type { CredentialStore, NewCredential } from '../stores/credential-store.js';
import type { UserStore } from '../stores/user-store.js';

/** A credential store, and the store of the users to whom the credentials belong. */
export interface CredentialStores {
  users: UserStore;
  credentials: CredentialStore;
}

/** One promise of the contract, and its proof. */
export type CredentialCase = readonly [name: string, prove: (stores: CredentialStores) => Promise<void>];

/** How many calls a case makes at once. */
export const PARALLEL = 50;
export const MAX_ID_LENGTH = 1024;
export const MAX_DATA_BYTES = 16 * 1024;

/** A credential that no store has yet. */
export function newCredential(userId: string, members: Partial<NewCredential> = {}): NewCredential {
  return { userId, kind: 'passkey', id: randomUUID(), data: `data-${randomUUID()}`, ...members };
}

/** A kind that no other case has, for cases whose ids aren't random. */
export function newKind(): string {
  return `kind-${randomUUID()}`;
}

/** Ids that a careless store confuses, because of case, Unicode form, white space, escapes, separators or a common beginning. */
export function strangeIds(): string[] {
  const long = 'x'.repeat(MAX_ID_LENGTH - 1);
  return [
    ...['a', 'A', ' a', 'a ', 'a/b', 'a//b', 'a/', 'a:b', 'a b', 'a+b', 'a%2Fb', 'a\\', 'a\\\\', 'a\n'],
    ...[
      '{a}',
      '{a,b}',
      '["a","b"]',
      '"a"',
      "'a'",
      'a,b',
      '%',
      '_',
      '*',
      '?',
      '$1',
      'null',
      'NULL',
      '0',
      '00',
    ],
    ...['_w==', '_w', '/w==', '/w', 'AAAA', 'AAAB', '__proto__', 'constructor'],
    ...['\u00e9', 'e\u0301', 'e', '\u{1f511}', '\u{1f510}', '\uac00', '\u1100\u1161', 'a\ufeff', '\u00a0a'],
    ...[long, `${long}x`, `${long}y`, incompressible(), incompressible()],
  ];
}

/** Texts that a careless store changes when it writes or reads them. */
export function awkwardTexts(): string[] {
  return [
    ...['', ' ', '\n', 'one\r\ntwo\n', '\ttabs\t', ' around ', '\\n \\x41 \\u0041', '{"a":[1,"\u2028"]}'],
    ...[
      '한국어',
      '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
      'e\u0301',
      'byte order \ufeff mark',
      "it's; DROP TABLE x --",
      '1e3',
    ],
    ...['x'.repeat(MAX_DATA_BYTES), '\u{1f511}'.repeat(MAX_DATA_BYTES / 4), '{}'.repeat(MAX_DATA_BYTES / 2)],
  ];
}

/** 3,072 bytes in UTF-8 that can't be compressed: more than an index of PostgreSQL accepts as a key. */
function incompressible(): string {
  const syllables = Array.from({ length: MAX_ID_LENGTH }, () => 0xac00 + randomInt(11_172));
  return String.fromCharCode(...syllables);
}
