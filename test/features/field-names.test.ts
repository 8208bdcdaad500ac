import {
  createAuth,
  emailAccount,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  secondFactor,
} from '../../src/index';
import { passkeys } from '../../src/features/passkeys';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { ORIGIN, RP_ID } from './passkeys/passkey-app';
import { FACTOR_KEY } from './second-factor/factor-app';

const FEATURES = {
  secondFactor: () => secondFactor({ issuer: 'App', key: FACTOR_KEY }),
  passkeys: () => passkeys({ rpId: RP_ID, rpName: 'App', origins: ORIGIN }),
  emailAccount: () => emailAccount({ send: () => undefined, baseUrl: ORIGIN }),
};

type Name = keyof typeof FEATURES;

const authWith = (names: readonly Name[], fields: object) =>
  createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    features: names.map((name) => FEATURES[name]()),
    ...fields,
  });

test.each<[Name[], object, string]>([
  [['secondFactor'], { passwordField: 'code' }, 'secondFactor(): the option passwordField of createAuth is'],
  [['secondFactor'], { passwordField: 'recoveryCode' }, "is 'recoveryCode', which is the name of a member"],
  [['secondFactor', 'passkeys'], { passwordField: 'credential' }, "'credential'"],
  [['passkeys', 'secondFactor'], { passwordField: 'challengeId' }, "'challengeId'"],
  [['passkeys'], { usernameField: 'challenge' }, 'passkeys(): the option usernameField of createAuth is'],
  [['emailAccount'], { passwordField: 'token' }, 'emailAccount(): the option passwordField of createAuth is'],
])('%j with %j is a TypeError that names both', (names, fields, message) => {
  expect(() => authWith(names, fields)).toThrow(
    expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) as string }),
  );
});

test.each<[Name[], object]>([
  [['secondFactor'], { passwordField: 'credential' }],
  [['passkeys'], { passwordField: 'code', usernameField: 'credential' }],
  [['emailAccount'], { passwordField: 'code', usernameField: 'token' }],
  [['secondFactor', 'passkeys', 'emailAccount'], { usernameField: 'code', passwordField: 'challenge' }],
])('%j with %j has no such member', async (names, fields) => {
  await authWith(names, fields).close();
});
