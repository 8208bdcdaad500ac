import fc from 'fast-check';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { resign } from '../helpers/tokens/tokens';
import { anyJson, headerText } from './texts';

export type TokenName = 'accessToken' | 'refreshToken';

/** A change to a good token. Most bugs are found close to what is valid. */
export type Mutation =
  | { kind: 'none' | 'percent' | 'quoted' }
  | { kind: 'replaced'; at: number; length: number; with: string }
  | { kind: 'wrapped'; before: string; after: string }
  | { kind: 'signed'; header: Record<string, unknown>; payload: Record<string, unknown> };

const claim = fc.constantFrom(
  'sub',
  'sid',
  'gen',
  'iat',
  'exp',
  'nbf',
  'roles',
  'auth_time',
  'amr',
  'iss',
  'ver',
  'owner',
);
const edges = fc.constantFrom(
  '\0',
  'a\0b',
  '\ud800',
  0,
  -1,
  1,
  1.5,
  2 ** 31,
  2 ** 53 - 2,
  2 ** 53 - 1,
  1e11,
  null,
  '1',
);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom<'none' | 'percent' | 'quoted'>('none', 'percent', 'quoted'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant<'replaced'>('replaced'),
      at: fc.nat(400),
      length: fc.nat(3),
      with: fc.oneof(headerText, fc.constantFrom('', '.', '=', '-', 'A', 'B')),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant<'wrapped'>('wrapped'), before: headerText, after: headerText }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant<'signed'>('signed'),
      header: fc.dictionary(fc.constantFrom('alg', 'typ', 'kid', 'crit', 'jwk', 'x'), anyJson, {
        maxKeys: 1,
      }),
      payload: fc.dictionary(claim, fc.oneof(anyJson, edges), { maxKeys: 2 }),
    }),
  },
);

export function mutate(token: string, name: TokenName, change: Mutation): string {
  switch (change.kind) {
    case 'percent':
      return token.replace(/[.e]/g, (each) => `%${each.charCodeAt(0).toString(16)}`);
    case 'quoted':
      return `"${token}"`;
    case 'replaced':
      return token.slice(0, change.at) + change.with + token.slice(change.at + change.length);
    case 'wrapped':
      return change.before + token + change.after;
    case 'signed':
      // With the right secret. No attacker has it, but if one ever could sign tokens, the claims are what they would change.
      return resign(token, name === 'accessToken' ? ACCESS_SECRET : REFRESH_SECRET, change);
    default:
      return token;
  }
}
