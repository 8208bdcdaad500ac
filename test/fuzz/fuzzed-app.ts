import type { Express } from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { Auth, AuthEvent, RefreshTokenStore, UserStore } from '../../src/index';
import { createTestApp, PASSWORD, type TestApp, type TestOptions } from '../helpers/apps/app';
import { decodeToken } from '../helpers/tokens/tokens';
import { within } from '../helpers/within';
import { exchange, type Answer } from './exchange';
import { mountPages } from './pages';
import { quickHash } from '../helpers/apps/quick-passwords';
import type { SentToken } from './requests';
import { mutate } from './token-mutations';

/** How long an answer may take. On a busy machine it takes longer. */
const LIMIT_MS = 10_000;
const BUSY_LIMIT_MS = 60_000;
/** Every password that is tried begins with this, which makes it recognisable wherever it turns up. */
export const CANARY = 'canary-7-of-the-fuzz';
/** Never reached, but attempts are still counted, as in a real app. */
const MANY = 1e9;
const LIMITS = {
  username: { failures: MANY },
  address: { failures: MANY },
  register: { attempts: MANY },
  password: { failures: MANY },
  logins: { successes: MANY },
};

/** Ends requests that never finish, and idle connections, soon. */
const SHORT_TIMEOUTS = {
  requestTimeout: 1000,
  headersTimeout: 1000,
  connectionsCheckingInterval: 100,
  keepAliveTimeout: 50,
};

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** An app under attack. The attacker may use mallory's tokens. Nothing of the victim's may ever change or be shown. */
export class FuzzedApp {
  readonly testApp: TestApp;
  readonly events: AuthEvent[] = [];
  #server: Server | undefined;
  #stores: { users: UserStore; refreshTokens: RefreshTokenStore };
  #ids = { mallory: '', victim: '' };
  #mallory: Tokens = { accessToken: '', refreshToken: '' };
  #victims: Tokens[] = [];
  #before = '';

  constructor(
    stores: { users: UserStore; refreshTokens: RefreshTokenStore },
    makeApp?: (auth: Auth, unforeseen: unknown[]) => Express,
    accessToken: TestOptions['accessToken'] = {},
  ) {
    this.#stores = stores;
    this.testApp = createTestApp({ ...stores, accessToken, limits: LIMITS }, mountPages);
    this.testApp.auth.events.onAny((event) => this.events.push(event));
    const { auth, app, unforeseen } = this.testApp;
    const attacked = makeApp?.(auth, unforeseen) ?? app;
    this.#server = createServer(SHORT_TIMEOUTS, (req, res) => {
      res.setHeader('X-Reached', 'yes'); // requests that Node itself refuses never get here
      attacked(req, res);
    }).listen(0, '127.0.0.1');
  }

  async prepare(): Promise<void> {
    const passwordHash = quickHash(PASSWORD);
    for (const username of ['mallory', 'victim'] as const)
      this.#ids[username] = (
        await this.#stores.users.create({ username, passwordHash, roles: ['member'] })
      ).id;
    this.#victims = [await this.#login('victim'), await this.#login('victim')];
    this.#before = await this.#victimState();
  }

  /** Logs mallory in again if her session has ended. */
  async ensureLoggedIn(): Promise<void> {
    const { refreshTokens } = this.#stores;
    const known =
      this.#mallory.accessToken && (await refreshTokens.find(this.#ids.mallory, this.sidOf('mallory')));
    if (known) return;
    await refreshTokens.revokeAll(this.#ids.mallory);
    this.#mallory = await this.#login('mallory');
  }

  async #login(username: string): Promise<Tokens> {
    const { accessToken, refreshToken } = await this.testApp.tokensOf(username);
    return { accessToken, refreshToken };
  }

  send(bytes: Buffer): Promise<Answer | undefined> {
    return within(LIMIT_MS, () => exchange(this.port, bytes, BUSY_LIMIT_MS));
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo).port;
  }

  sidOf(who: 'mallory' | 'victim'): string {
    const { accessToken } = who === 'mallory' ? this.#mallory : (this.#victims[0] as Tokens);
    return decodeToken(accessToken).payload['sid'] as string;
  }

  /** The text of a token to send. It's never one that a server could read as the victim's actual token. */
  tokenText({ token, of, mutation }: SentToken): string {
    if (of === 'mallory') return mutate(this.#mallory[token], token, mutation);
    const good = (this.#victims[0] as Tokens)[token];
    if (mutation.kind === 'signed') return 'x';
    const near = mutate(good, token, mutation);
    return unescaped(near).includes(good) ? 'x' : near;
  }

  /** Texts that no answer may contain. */
  get answerSecrets(): string[] {
    return [...this.#neverShown, this.sidOf('victim')];
  }

  /** Texts that no event may contain. Mallory's tokens are among them, although answers to her may contain them. */
  get eventSecrets(): string[] {
    return [...this.#neverShown, this.#mallory.accessToken, this.#mallory.refreshToken];
  }

  get #neverShown(): string[] {
    const tokens = this.#victims.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);
    return [CANARY, PASSWORD, '$2b$', ...tokens];
  }

  async assertVictimUntouched(): Promise<void> {
    expect(await this.#victimState()).toBe(this.#before);
  }

  async #victimState(): Promise<string> {
    const { users, refreshTokens } = this.#stores;
    const sessions = await refreshTokens.list(this.#ids.victim);
    sessions.sort((a, b) => a.sessionId.localeCompare(b.sessionId));
    return inspect([await users.findByUsername('victim'), sessions], { depth: 5 });
  }

  async close(): Promise<void> {
    this.#server?.close();
    await this.testApp.auth.close();
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}
