import express, { type RequestHandler } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { AUTH_FAILURES, AuthError, type AuthErrorCode } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';

/** A logged-in user, with what you need to send requests as that user. */
export interface LoggedIn {
  /** For `.set('Cookie', ann.cookie)`: both tokens, with the cookie names of the Auth. */
  readonly cookie: string;
  /** The same as an object, for `.set(ann.headers)` or `fetch`. */
  readonly headers: { readonly Cookie: string };
  /** For `.set('Authorization', ann.bearer)`. */
  readonly bearer: `Bearer ${string}`;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The user as in the answer of a login. */
  readonly user: Pick<StoredUser, 'id' | 'username' | 'roles'>;
  readonly sessionId: string;
}

/** The user whom a strategy would have authenticated, and where the request comes from. */
interface Proof {
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
 * Runs `auth.completeLogin()` as an app does after a Passport strategy, and reads from the answer what a browser would keep. It
 * uses only public API.
 */
export async function capturedLogin(completeLogin: RequestHandler, proof: Proof) {
  const { status, cookies, body } = await answerOf(completeLogin, proof);
  if (status !== 200) throw failure(status, body.code);
  return {
    body,
    cookie: cookies.join('; '),
    accessToken: tokenOfType('at+jwt', cookies),
    refreshToken: tokenOfType('rt+jwt', cookies),
  };
}

/** Runs the handler without a network connection, because fake timers would block one. */
function answerOf(completeLogin: RequestHandler, { id, ip, userAgent, authTime }: Proof): Promise<Answer> {
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

/** Recognises a token by its own header, because the app can choose the names of the cookies. */
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
