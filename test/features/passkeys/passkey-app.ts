import express, { type Express } from 'express';
import request from 'supertest';
import {
  createAuth,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type Auth,
  type AuthEvent,
  type Feature,
  type StoredUser,
} from '../../../src/index';
import { passkeys, type PasskeysOptions } from '../../../src/features/passkeys';
import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET, type TestOptions } from '../../helpers/apps/app';
import { describedRouter } from '../../helpers/apps/described-router';
import { quickHash } from '../../helpers/apps/quick-passwords';
import { SoftwarePasskey, type AnswerSettings } from '../../helpers/browsers/software-authenticator';
import { FACTOR_KEY, FactorClock, type Browser } from '../second-factor/factor-app';
import type { FeatureStores } from '../../helpers/apps/feature-stores';

export const RP_ID = 'example.com';
export const ORIGIN = 'https://app.example.com';

interface PasskeyAppSettings {
  stores?: FeatureStores;
  passkeys?: Partial<PasskeysOptions>;
  /** Whether `secondFactor` is on too. Default: false. */
  factor?: boolean;
  auth?: TestOptions;
  clock?: FactorClock;
  features?: readonly Feature[];
}

export interface PasskeyApp {
  readonly app: Express;
  readonly auth: Auth;
  readonly clock: FactorClock;
  readonly events: AuthEvent[];
  client(): ReturnType<typeof request>;
  /** A client that keeps cookies. */
  browser(): Browser;
  createUser(username: string, passwordHash?: string | null): Promise<StoredUser>;
  passwordLogin(browser: Pick<Browser, 'post'>, username: string): request.Test;
  /** The options of a login. */
  ask(browser: Pick<Browser, 'post'>, body?: object): Promise<LoginOptions>;
  /** Registers a passkey in a browser that is logged in. */
  register(browser: Browser, passkey: SoftwarePasskey, members?: object): Promise<request.Response>;
  /** Logs in with a passkey, without a name. */
  login(browser: Browser, passkey: SoftwarePasskey, settings?: AnswerSettings): Promise<request.Response>;
  /** A user with a password and a passkey, and the browser that has registered it. */
  enrolled(username: string, passkey?: SoftwarePasskey): Promise<EnrolledUser>;
}

export interface EnrolledUser {
  readonly user: StoredUser;
  readonly browser: Browser;
  readonly passkey: SoftwarePasskey;
  readonly recoveryCodes: string[] | undefined;
}

export interface LoginOptions {
  challenge: string;
  rpId: string;
  allowCredentials: { id: string; type: string; transports: string[] }[];
  challengeId?: string;
}

export const newPasskey = (settings: { synced?: boolean } = {}) =>
  new SoftwarePasskey({ origin: ORIGIN, ...settings });

/** An app with the feature. Default stores are in memory. */
export function passkeyApp({
  stores,
  passkeys: options,
  factor = false,
  auth: authOptions,
  clock = new FactorClock(),
  features = [],
}: PasskeyAppSettings = {}): PasskeyApp {
  const users = stores?.users ?? new MemoryUserStore();
  const auth = createAuth({
    refreshTokens: stores?.refreshTokens ?? new MemoryRefreshTokenStore({ clock: clock.now }),
    clock: clock.now,
    ...authOptions,
    users,
    limits: { register: false, address: false, logins: false, ...authOptions?.limits },
    accessToken: { secret: ACCESS_SECRET, ...authOptions?.accessToken },
    refreshToken: { secret: REFRESH_SECRET, ...authOptions?.refreshToken },
    features: [
      // Before `passkeys`: features find each other in any order.
      ...(factor ? [secondFactor({ issuer: 'App', key: FACTOR_KEY })] : []),
      passkeys({ rpId: RP_ID, rpName: 'App', origins: ORIGIN, ...options }),
      ...features,
    ],
  });
  const events: AuthEvent[] = [];
  auth.events.onAny((event) => events.push(event));
  const app = express().set('trust proxy', true).use('/auth', describedRouter(auth));
  const made: PasskeyApp = {
    app,
    auth,
    clock,
    events,
    client: () => request(app),
    browser: () => request.agent(app).set('X-Forwarded-For', newAddress()),
    createUser: (username, passwordHash = quickHash(PASSWORD)) => users.create({ username, passwordHash }),
    passwordLogin: (browser, username) => browser.post('/auth/login').send({ username, password: PASSWORD }),
    async ask(browser, body = {}) {
      const answer = await browser.post('/auth/login/passkey/options').send(body);
      expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
      return answer.body as LoginOptions;
    },
    async register(browser, passkey, members) {
      const asked = await browser.post('/auth/passkeys/options');
      expect(asked.status).toBe(200);
      const credential = passkey.create(asked.body as Parameters<SoftwarePasskey['create']>[0]);
      return browser.post('/auth/passkeys').send({ credential, ...members });
    },
    async login(browser, passkey, settings) {
      const credential = passkey.get(await made.ask(browser), settings);
      return browser.post('/auth/login/passkey').send({ credential });
    },
    async enrolled(username, passkey = newPasskey()) {
      const user = await made.createUser(username);
      const browser = made.browser();
      expect((await made.passwordLogin(browser, username)).status).toBe(200);
      const registered = await made.register(browser, passkey);
      expect([registered.status, registered.body]).toEqual([201, expect.anything()]);
      const { recoveryCodes } = registered.body as { recoveryCodes?: string[] };
      return { user, browser, passkey, recoveryCodes };
    },
  };
  return made;
}

let addresses = 0;

/** Challenges are limited by address, so each browser has one of its own. */
function newAddress(): string {
  addresses += 1;
  return `198.18.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
}
