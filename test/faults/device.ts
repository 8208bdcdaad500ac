import { createHash, randomUUID } from 'node:crypto';
import { PASSWORD } from '../helpers/apps/app';
import { decodeToken } from '../helpers/tokens/tokens';
import type { History, Kind, Operation } from './history';

/** Longer than a server may take, so that a slow answer is recorded as slow. */
const TIMEOUT_MS = 10_000;
/** A hundred logins may be ahead in the queue for bcrypt. */
const HASHING_TIMEOUT_MS = 150_000;

export interface World {
  /** The number of app processes. */
  readonly apps: number;
  /** The current URL of a process. */
  addressOf(app: number): string;
  readonly history: History;
  /** Whether devices send the `Idempotency-Key`. Default: true. */
  readonly idempotencyKeys?: boolean | undefined;
}

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

interface Call {
  path: string;
  method?: string;
  body?: object;
  bearer?: string | undefined;
  /** The `Idempotency-Key`. */
  attempt?: string;
  timeoutMs?: number;
}

/** One client of a user: it logs in, refreshes, visits pages, logs out, and records everything. It behaves like our own client. */
export class Device {
  readonly #world: World;
  readonly username: string;
  #tokens: Tokens | undefined;
  /** Refresh tokens that have been exchanged, the latest last. */
  #exchanged: string[] = [];
  /** The `Idempotency-Key`: new for each exchange, the same for its retries. */
  #attempt = randomUUID();

  constructor(world: World, username: string) {
    this.#world = world;
    this.username = username;
  }

  get isLoggedIn(): boolean {
    return this.#tokens !== undefined;
  }

  get sessionId(): string | undefined {
    return this.#tokens && sessionOf(this.#tokens.refreshToken);
  }

  get userId(): string | undefined {
    return this.#tokens && (decodeToken(this.#tokens.refreshToken).payload['sub'] as string);
  }

  /** A second device with the same tokens. It keeps them when this device logs out. */
  copy(): Device {
    const copy = new Device(this.#world, this.username);
    copy.#tokens = this.#tokens;
    copy.#exchanged = [...this.#exchanged];
    return copy;
  }

  async login(app = this.#anyApp()): Promise<Operation> {
    const call = { path: '/proved-login', body: { username: this.username } };
    const { operation, answer } = await this.#ask('login', app, call);
    if (operation.status === 200) this.#keep(answer as Tokens);
    return operation;
  }

  /** Logs in once more, with the password, and keeps the tokens that the device has. */
  async loginByPassword(app: number): Promise<Operation> {
    const body = { username: this.username, password: PASSWORD, transport: 'body' };
    return (await this.#ask('password', app, { path: '/auth/login', body, timeoutMs: HASHING_TIMEOUT_MS }))
      .operation;
  }

  /** @param apps the processes to ask, one for each tab. All tabs refresh at once, with the same token. */
  async refresh(apps: readonly number[] = [this.#anyApp()]): Promise<Operation[]> {
    const tokens = this.#tokens;
    if (!tokens) return [];
    const results = await Promise.all(apps.map((app) => this.#exchange(tokens.refreshToken, app)));
    // All tabs get the same tokens, so any answer will do. If they don't, that is a fork, which the checker finds.
    const answered = results.findLast(({ operation }) => operation.status === 200);
    if (answered && this.#tokens === tokens) {
      this.#exchanged.push(tokens.refreshToken);
      this.#keep(answered.answer as Tokens);
    }
    return results.map(({ operation }) => operation);
  }

  guard(app = this.#anyApp()): Promise<Operation | undefined> {
    return this.#visit('guard', '/profile', app);
  }

  check(app = this.#anyApp()): Promise<Operation | undefined> {
    return this.#visit('check', '/checked', app);
  }

  async logout(app = this.#anyApp()): Promise<Operation | undefined> {
    const tokens = this.#tokens;
    if (!tokens) return undefined;
    const { refreshToken } = tokens;
    const { operation } = await this.#ask(
      'logout',
      app,
      { path: '/auth/logout', body: { refreshToken } },
      { refreshToken },
    );
    if (operation.status === 200) this.#forget(tokens);
    return operation;
  }

  /** Ends another session of the same user, like a list of devices does. */
  async revoke(sessionId: string, app = this.#anyApp()): Promise<Operation | undefined> {
    const bearer = this.#tokens?.accessToken;
    if (!bearer || sessionId === this.sessionId) return undefined;
    const call = { path: `/auth/sessions/${sessionId}`, method: 'DELETE', bearer };
    const ownSession = this.sessionId;
    const { operation } = await this.#ask('revoke', app, call, { sessionId });
    // A 401 comes from the guard of the session that asks.
    if (operation.status === 401) Object.assign(operation, { kind: 'guard', sessionId: ownSession });
    return operation;
  }

  /** A thief presents a refresh token that was exchanged two rotations ago. That counts as theft at any time. */
  async theft(app = this.#anyApp()): Promise<Operation | undefined> {
    const stolen = this.#exchanged.at(-2);
    if (!stolen) return undefined;
    return (await this.#exchange(stolen, app, 'theft')).operation;
  }

  async #visit(kind: Kind, path: string, app: number): Promise<Operation | undefined> {
    const tokens = this.#tokens;
    if (!tokens) return undefined;
    const call = { path, method: 'GET', bearer: tokens.accessToken };
    return (await this.#ask(kind, app, call, { refreshToken: tokens.refreshToken })).operation;
  }

  #exchange(refreshToken: string, app: number, kind: Kind = 'refresh') {
    const { idempotencyKeys = true } = this.#world;
    const attempt = kind === 'refresh' && idempotencyKeys ? { attempt: this.#attempt } : {};
    return this.#ask(
      kind,
      app,
      { path: '/auth/refresh', body: { refreshToken }, ...attempt },
      { refreshToken, isPresented: true },
    );
  }

  async #ask(
    kind: Kind,
    app: number,
    call: Call,
    about: { refreshToken?: string; sessionId?: string; isPresented?: boolean } = {},
  ): Promise<{ operation: Operation; answer: unknown }> {
    const { history, addressOf } = this.#world;
    const [startedAt, before] = [history.now(), history.waits()];
    const { status, answer } = await send(addressOf(app), call);
    const { code, refreshToken: successor } = answer as { code?: string; refreshToken?: string };
    const named = about.refreshToken ?? successor;
    const operation: Operation = {
      kind,
      app,
      startedAt,
      endedAt: history.now(),
      waited: { before, after: history.waits() },
      status,
      code,
      sessionId: about.sessionId ?? (named && sessionOf(named)),
      presented: about.isPresented && about.refreshToken ? fingerprint(about.refreshToken) : undefined,
      successor: successor && fingerprint(successor),
    };
    history.add(operation);
    // The end of another session must not log this device out.
    if (status === 401 && operation.sessionId === this.sessionId) this.#tokens = undefined;
    return { operation, answer };
  }

  #keep(tokens: Tokens): void {
    const isNew = this.#tokens === undefined || sessionOf(tokens.refreshToken) !== this.sessionId;
    if (isNew) this.#exchanged = [];
    this.#tokens = tokens;
    this.#attempt = randomUUID();
  }

  #forget(tokens: Tokens): void {
    if (this.#tokens === tokens) this.#tokens = undefined;
  }

  #anyApp(): number {
    return Math.floor(Math.random() * this.#world.apps);
  }
}

async function send(
  app: string,
  { path, method = 'POST', body, bearer, attempt, timeoutMs = TIMEOUT_MS }: Call,
) {
  let response: Response;
  let text: string;
  try {
    response = await fetch(app + path, {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(bearer && { Authorization: `Bearer ${bearer}` }),
        ...(attempt && { 'Idempotency-Key': attempt }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch {
    return { status: 0, answer: {} };
  }
  return { status: response.status, answer: text === '' ? {} : (JSON.parse(text) as unknown) };
}

function sessionOf(token: string): string {
  return decodeToken(token).payload['sid'] as string;
}

/** Identifies a token in the history, which must not contain tokens. */
function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('base64url').slice(0, 16);
}
