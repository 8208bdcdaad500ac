import express, { type Express } from 'express';
import * as otpauth from 'otpauth';
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
import type { SecondFactorOptions } from '../../../src/features/second-factor/options';
import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET, type TestOptions } from '../../helpers/apps/app';
import { describedRouter } from '../../helpers/apps/described-router';
import { quickHash } from '../../helpers/apps/quick-passwords';
import type { FeatureStores } from '../../helpers/apps/feature-stores';

export const FACTOR_KEY = 'a-key-for-second-factors-0123456789';
export const PERIOD_MS = 30_000;

export type Browser = ReturnType<typeof request.agent>;

/** A clock that tests set forward, because an authenticator app has a new code every 30 seconds. */
export class FactorClock {
  #ahead = 0;
  readonly now = (): number => Date.now() + this.#ahead;

  forward(ms: number): void {
    this.#ahead += ms;
  }
}

/** An authenticator app, independent of the code under test. */
export class Authenticator {
  readonly #totp: otpauth.TOTP;
  readonly #clock: FactorClock;
  readonly id: string;

  constructor({ id, uri }: { id: string; uri: string }, clock: FactorClock) {
    this.#totp = otpauth.URI.parse(uri) as otpauth.TOTP;
    this.#clock = clock;
    this.id = id;
  }

  /** What it shows now. */
  code(): string {
    return this.#totp.generate({ timestamp: this.#clock.now() });
  }

  /** What it shows next, which no one has used yet. */
  nextCode(): string {
    this.#clock.forward(PERIOD_MS);
    return this.code();
  }

  /** Six digits that it shows neither now nor just before or after. */
  wrongCode(): string {
    const shown = [-2, -1, 0, 1, 2].map((steps) =>
      this.#totp.generate({ timestamp: this.#clock.now() + steps * PERIOD_MS }),
    );
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
      (code) => !shown.includes(code),
    ) as string;
  }
}

export interface FactorApp {
  readonly app: Express;
  readonly auth: Auth;
  readonly clock: FactorClock;
  readonly events: AuthEvent[];
  client(): ReturnType<typeof request>;
  /** A client that keeps cookies. */
  browser(): Browser;
  createUser(username: string): Promise<StoredUser>;
  /** The answer of the first step. */
  firstStep(browser: Pick<Browser, 'post'>, username: string, members?: object): request.Test;
  secondStep(browser: Pick<Browser, 'post'>, body: object): request.Test;
  /** Logs in without a second factor, and enrols one. */
  enrol(username: string, browser?: Browser): Promise<Enrolled>;
}

export interface Enrolled {
  readonly authenticator: Authenticator;
  readonly recoveryCodes: string[];
  readonly browser: Browser;
}

export interface FactorAppSettings {
  stores?: FeatureStores;
  factor?: Partial<SecondFactorOptions>;
  auth?: TestOptions;
  clock?: FactorClock;
  features?: readonly Feature[];
  /** In place of one with the options `factor`. */
  feature?: Feature;
  mount?: (app: Express, auth: Auth) => void;
}

/** An app with the feature. Default stores are in memory. */
export function factorApp({
  stores,
  factor,
  auth: options,
  clock = new FactorClock(),
  features = [],
  feature = secondFactor({ issuer: 'App', key: FACTOR_KEY, ...factor }),
  mount,
}: FactorAppSettings = {}): FactorApp {
  const users = stores?.users ?? new MemoryUserStore();
  const auth = createAuth({
    refreshTokens: stores?.refreshTokens ?? new MemoryRefreshTokenStore(),
    clock: clock.now,
    ...options,
    users,
    limits: { register: false, address: false, logins: false, ...options?.limits },
    accessToken: { secret: ACCESS_SECRET, ...options?.accessToken },
    refreshToken: { secret: REFRESH_SECRET, ...options?.refreshToken },
    features: [...features, feature],
  });
  const events: AuthEvent[] = [];
  auth.events.onAny((event) => events.push(event));
  const app = express().use('/auth', describedRouter(auth));
  mount?.(app, auth);
  const made: FactorApp = {
    app,
    auth,
    clock,
    events,
    client: () => request(app),
    browser: () => request.agent(app),
    createUser: (username) => users.create({ username, passwordHash: quickHash(PASSWORD) }),
    firstStep: (browser, username, members) =>
      browser.post('/auth/login').send({ username, password: PASSWORD, ...members }),
    secondStep: (browser, body) => browser.post('/auth/login/second-factor').send(body),
    async enrol(username, browser = request.agent(app)) {
      expect((await made.firstStep(browser, username)).status).toBe(200);
      return { browser, ...(await enrolIn(browser, clock)) };
    },
  };
  return made;
}

/** Enrols an authenticator app in a browser that is logged in. */
export async function enrolIn(
  browser: Browser,
  clock: FactorClock,
  members: object = {},
): Promise<Omit<Enrolled, 'browser'>> {
  const started = await browser.post('/auth/factors/totp');
  expect(started.status).toBe(201);
  const authenticator = new Authenticator(started.body as { id: string; uri: string }, clock);
  const { id } = authenticator;
  const confirmed = await browser
    .post('/auth/factors/totp/confirm')
    .send({ id, code: authenticator.code(), ...members });
  expect(confirmed.status).toBe(200);
  const { recoveryCodes = [] } = confirmed.body as { recoveryCodes?: string[] };
  return { authenticator, recoveryCodes };
}

/** What a refusal looks like, whatever its text. */
export const refused = (code: string) => ({ code, message: expect.any(String) as string });
