import { randomUUID } from 'node:crypto';
import { accessHeaders, refreshPart, tokensOf } from './credentials.mjs';
import { TYPING_USERS, userName, USERS } from './settings.mjs';

/** @typedef {import('./client.mjs').Answer} Answer */

/** How a valid token ends: it expires, or another device ends the session. */
const ACCESS_OVER = ['401 ACCESS_TOKEN_EXPIRED', '401 SESSION_REVOKED'];
const SESSION_OVER = ['401 SESSION_NOT_FOUND', '401 REFRESH_TOKEN_EXPIRED'];

/** One client of a user: a browser with cookies, or an app with tokens. It does one thing at a time. */
export class Device {
  isBusy = false;
  #client;
  /** @type {import('./credentials.mjs').Transport} */
  #transport;
  /** @type {import('./credentials.mjs').Tokens | undefined} */
  #tokens;
  /** Refresh tokens that have been exchanged, the newest last. @type {string[]} */
  #exchanged = [];
  /** The `Idempotency-Key` of the next exchange and its retries. */
  #attempt = randomUUID();

  /** @param {import('./client.mjs').Client} client @param {import('./credentials.mjs').Transport} transport */
  constructor(client, transport) {
    this.#client = client;
    this.#transport = transport;
  }

  get isLoggedIn() {
    return this.#tokens !== undefined;
  }

  /** Whether it keeps its tokens in cookies. */
  get isBrowser() {
    return this.#transport === 'cookie';
  }

  /** @param {string} [password] without one the user is logged in by the app's stand-in for a strategy */
  async login(password) {
    const username = userName(Math.floor(Math.random() * (password ? TYPING_USERS : USERS)));
    const call = password
      ? { path: '/auth/login', body: { username, password, transport: this.#transport } }
      : { path: `/proved-login/${this.#transport}`, body: { username } };
    const answer = await this.#client.ask({ ...call, expected: ['200'] });
    this.#exchanged = [];
    if (answer.status === 200) this.#keep(answer);
  }

  /** @param {string} path @param {{ method?: string, as?: string, expected?: string[] }} [call] */
  async visit(path, { method = 'GET', as = path, expected = ['200'] } = {}) {
    const headers = accessHeaders(this.#transport, this.#tokens);
    const answer = await this.#client.ask({
      ...{ method, path, as, headers },
      expected: [...expected, ...ACCESS_OVER],
    });
    if (answer.body?.code === 'SESSION_REVOKED') this.abandon();
    if (answer.body?.code === 'ACCESS_TOKEN_EXPIRED') await this.refresh();
    return answer;
  }

  /** Opens a page whose guard renews the tokens. */
  async openPage() {
    const { accessToken, refreshToken } = this.#tokens ?? {};
    const headers = { Cookie: `accessToken=${accessToken}; refreshToken=${refreshToken}` };
    const expected = ['200', '401 SESSION_REVOKED', ...SESSION_OVER];
    const answer = await this.#client.ask({ method: 'GET', path: '/page', headers, expected });
    if (answer.status === 401) this.abandon();
    else if (answer.cookies['refreshToken']) this.#exchange(answer);
  }

  /** @param {number} [tabs] how many refresh at once, all with the same token, without coordinating */
  async refresh(tabs = 1) {
    const tokens = this.#tokens;
    const answers = await Promise.all(
      Array.from({ length: tabs }, (_, tab) =>
        this.#present(tokens?.refreshToken, tab === 0 ? {} : { attempt: randomUUID() }),
      ),
    );
    const answered = answers.find(({ status }) => status === 200);
    if (answered) this.#exchange(answered);
    else this.abandon();
  }

  /** Loses the response, and sends the request again. */
  async refreshAndHangUp() {
    await this.#present(this.#tokens?.refreshToken, { hangsUp: true });
    await this.refresh();
  }

  /** A thief presents an old refresh token, which ends the session. */
  async fallVictim() {
    while (this.#tokens && this.#exchanged.length < 2) await this.refresh();
    const stolen = this.#exchanged.at(-2);
    if (!this.#tokens || !stolen) return;
    await this.#present(stolen, {
      attempt: randomUUID(),
      expected: ['401 REFRESH_TOKEN_REUSED', ...SESSION_OVER],
    });
    this.abandon();
  }

  async logout() {
    await this.#client.ask({
      path: '/auth/logout',
      ...refreshPart(this.#transport, this.#tokens?.refreshToken),
      expected: ['200'],
    });
    this.abandon();
  }

  async endAnother() {
    const { body } = await this.visit('/auth/sessions');
    /** @type {{ id: string, current: boolean }[]} */
    const sessions = body?.sessions ?? [];
    const another = sessions.find(({ current }) => !current);
    const expected = ['204', '404 SESSION_NOT_FOUND'];
    if (another && this.isLoggedIn)
      await this.visit(`/auth/sessions/${another.id}`, {
        method: 'DELETE',
        as: '/auth/sessions/:id',
        expected,
      });
  }

  async logoutEverywhere() {
    const { status } = await this.visit('/auth/logout-all', { method: 'POST' });
    if (status === 200) this.abandon();
  }

  /** Forgets its tokens without logging out. */
  abandon() {
    this.#tokens = undefined;
  }

  /** @param {string | undefined} refreshToken @param {{ hangsUp?: boolean, attempt?: string, expected?: string[] }} [how] */
  #present(
    refreshToken = '',
    { hangsUp = false, attempt = this.#attempt, expected = ['200', ...SESSION_OVER] } = {},
  ) {
    const { headers, ...carried } = refreshPart(this.#transport, refreshToken);
    return this.#client.ask({
      path: '/auth/refresh',
      ...carried,
      headers: { ...headers, 'Idempotency-Key': attempt },
      ...{ expected, hangsUp },
    });
  }

  /** @param {Answer} answer */
  #exchange(answer) {
    if (this.#tokens) this.#exchanged = [...this.#exchanged, this.#tokens.refreshToken].slice(-2);
    this.#keep(answer);
  }

  /** @param {Answer} answer */
  #keep(answer) {
    this.#tokens = tokensOf(this.#transport, answer);
    this.#attempt = randomUUID();
  }
}
