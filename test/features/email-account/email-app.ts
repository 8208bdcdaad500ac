import express, { type Express } from 'express';
import request from 'supertest';
import {
  createAuth,
  emailAccount,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type Auth,
  type EmailAccount,
  type EmailAccountOptions,
  type Mail,
} from '../../../src/index';
import { ACCESS_SECRET, REFRESH_SECRET, type TestOptions } from '../../helpers/apps/app';
import { describedRouter } from '../../helpers/apps/described-router';
import { eventually } from '../../helpers/eventually';
import type { FeatureStores } from '../../helpers/apps/feature-stores';

export const NEW_PASSWORD = 'another horse 8 battery';

export interface EmailApp {
  readonly app: Express;
  readonly auth: Auth;
  readonly account: EmailAccount;
  /** Every mail that `send` was called with. */
  readonly mails: Mail[];
  client(): ReturnType<typeof request>;
  /** A client that keeps cookies. */
  browser(): ReturnType<typeof request.agent>;
  /** The next mail of that kind to that address, which is then taken out of `mails`. */
  mailTo(address: string, kind: Mail['kind']): Promise<Mail>;
}

interface EmailAppSettings {
  stores?: FeatureStores;
  account?: Partial<EmailAccountOptions>;
  auth?: TestOptions;
  /** In place of one that keeps its mails. */
  feature?: EmailAccount;
}

/** An app with the feature, whose mails are kept. Default stores are in memory. */
export function emailApp({
  stores,
  account: accountOptions,
  auth: options,
  feature,
}: EmailAppSettings = {}): EmailApp {
  const mails: Mail[] = [];
  const account =
    feature ??
    emailAccount({
      send: (mail) => {
        mails.push(mail);
      },
      baseUrl: 'https://app.example.com',
      limits: { mailbox: false, address: false },
      ...accountOptions,
    });
  const auth = createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    password: { cost: 10 },
    ...(stores && { users: stores.users, refreshTokens: stores.refreshTokens }),
    ...options,
    limits: { register: false, address: false, ...options?.limits },
    accessToken: { secret: ACCESS_SECRET, ...options?.accessToken },
    refreshToken: { secret: REFRESH_SECRET, ...options?.refreshToken },
    features: [account, ...(options?.features ?? [])],
  });
  const app = express().use('/auth', describedRouter(auth));
  return {
    app,
    auth,
    account,
    mails,
    client: () => request(app),
    browser: () => request.agent(app),
    async mailTo(address, kind) {
      const isIt = (mail: Mail) => mail.to === address && mail.kind === kind;
      await eventually(`a mail ${kind} to ${address}`, () => Promise.resolve(mails.some(isIt)));
      const [mail] = mails.splice(mails.findIndex(isIt), 1);
      return mail as Mail;
    },
  };
}

/** The token that the page of a link reads from the fragment. */
export function tokenOf({ url = '' }: Mail): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get('token') ?? '';
}
