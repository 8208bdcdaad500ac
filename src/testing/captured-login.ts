import express, { type RequestHandler } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { AUTH_FAILURES, AuthError, type AuthErrorCode } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';

/** What a request needs to come from a user who is logged in. */
export interface LoggedIn {
  /** For `.set('Cookie', ann.cookie)`: both tokens under the names that the Auth gives its cookies. */
  readonly cookie: string;
  /** The same for `.set(ann.headers)`, or for `fetch`. */
  readonly headers: { readonly Cookie: string };
  /** For `.set('Authorization', ann.bearer)`. */
  readonly bearer: `Bearer ${string}`;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** As a login answers it. */
  readonly user: Pick<StoredUser, 'id' | 'username' | 'roles'>;
  readonly sessionId: string;
}

interface Proven {
  id: string;
  ip: string;
  userAgent: string | undefined;
  authTime: Date | undefined;
}

interface Answer {
  status: number;
  /** `name=value` of each cookie. */
  cookies: string[];
  body: { user: LoggedIn['user']; code?: string };
}

/**
 * Runs `auth.completeLogin()` as an app would behind a Passport strategy, and reads from the answer what a browser would keep.
 * It uses only public API.
 */
export async function capturedLogin(completeLogin: RequestHandler, proven: Proven) {
  const { status, cookies, body } = await answerOf(completeLogin, proven);
  if (status !== 200) throw failure(status, body.code);
  return {
    body,
    cookie: cookies.join('; '),
    accessToken: tokenOfType('at+jwt', cookies),
    refreshToken: tokenOfType('rt+jwt', cookies),
  };
}

/** Without a connection, which fake timers would hold up. */
function answerOf(completeLogin: RequestHandler, { id, ip, userAgent, authTime }: Proven): Promise<Answer> {
  const prove: RequestHandler = (req, _res, next) => {
    Object.defineProperty(req, 'ip', { value: ip });
    req.user = { id } as Express.User;
    req.authInfo = { authTime };
    next();
  };
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'POST', url: '/' });
  if (userAgent !== undefined) req.headers['user-agent'] = userAgent;
  const res = new ServerResponse(req);
  return new Promise((resolve, reject) => {
    res.end = (text: unknown) => {
      const cookies = [res.getHeader('set-cookie') ?? []]
        .flat()
        .map((line) => String(line).split(';')[0] ?? '');
      resolve({ status: res.statusCode, cookies, body: JSON.parse(String(text)) as Answer['body'] });
      return res;
    };
    const app = express().use(prove, completeLogin) as RequestHandler;
    app(req as express.Request, res as express.Response, reject);
  });
}

/** The app chooses the names of its cookies, so the token itself says what it is. */
function tokenOfType(type: string, cookies: readonly string[]): string {
  const values = cookies.map((pair) => pair.slice(pair.indexOf('=') + 1));
  const token = values.find((value) => headerOf(value).includes(`"typ":"${type}"`));
  if (token === undefined) throw new Error(`completeLogin() set no ${type}`);
  return token;
}

function headerOf(token: string): string {
  return Buffer.from(token.split('.')[0] ?? '', 'base64url').toString();
}

function failure(status: number, code = ''): Error {
  if (code in AUTH_FAILURES) return new AuthError(code as AuthErrorCode);
  return new Error(`completeLogin() answered ${status} ${code}`);
}
