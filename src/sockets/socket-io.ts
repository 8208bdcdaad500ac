import type { Request } from 'express';
import { EventEmitter } from 'node:events';
import { AuthError } from '../errors.js';
import { isNodeRequest } from '../http/outside-express.js';
import type { TextOf } from '../http/texts-for.js';
import { parseVerifyOptions, type VerifyOptions } from '../middleware/guard-options.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import { admit, tokensOfHandshake, type AdmitServices } from './admit.js';
import type { Admission, LiveSockets, SocketGuard, SocketKind } from './live-sockets.js';
import { renew } from './renew.js';
import type { SocketEndCode, SocketIoMiddleware, SocketIoSocket } from './socket-types.js';
import { warnOf } from './warn-of.js';

/** What tells a client of socket.io why its socket ends. */
const ENDED = 'auth.ended';
/** The `readyState` of a WebSocket. */
const CLOSED = 3;
/** What socket.io says to the app when a socket ends. */
const ENDS = ['disconnecting', 'disconnect'] as const;
/** The event by which a client brings the next access token. */
const RENEW = 'auth.renew';

interface Namespace {
  prependListener(event: 'connect', listener: (socket: Socket) => void): unknown;
  readonly server: { readonly opts?: { connectionStateRecovery?: { skipMiddlewares?: boolean } } };
}

interface Connection {
  readonly readyState: string;
  /** With the transport websocket it has a WebSocket, of ws or of another package. */
  readonly transport?: { readonly socket?: { readonly readyState?: unknown; terminate?(): void } };
  close(discard?: boolean): void;
}

/** The members of a socket of socket.io that are used here. */
interface Socket extends SocketIoSocket {
  readonly connected: boolean;
  readonly conn: Connection;
  readonly nsp: Namespace;
  emit(event: string, ...values: unknown[]): unknown;
  on(event: string, listener: (this: Socket, ...values: unknown[]) => void): unknown;
  disconnect(close: boolean): unknown;
  removeAllListeners(event: string): unknown;
}

const SOCKET_IO: SocketKind = {
  isClosed: (socket) => isClosed((socket as Socket).conn) || isGone(socket as Socket),
  tell: (socket, code) => void (socket as Socket).emit(ENDED, { code }),
  close: (socket) => void (socket as Socket).disconnect(true),
  cutOff(socket) {
    const { conn } = socket as Socket;
    conn.close(true);
    conn.transport?.socket?.terminate?.();
  },
};

/** socket.io counts a connection as closed when the close has been sent. ws then waits half a minute for its answer. */
function isClosed({ readyState, transport }: Connection): boolean {
  const line = transport?.socket?.readyState;
  return readyState === 'closed' && (typeof line !== 'number' || line === CLOSED);
}

/** The client has left the namespace. Its connection may go on, for another one. */
function isGone({ connected, conn }: Socket): boolean {
  return !connected && conn.readyState === 'open';
}

export interface SocketIoServices extends AdmitServices {
  accessTokens: AccessTokens;
  textOf: TextOf;
}

/**
 * Middleware of socket.io that lets a socket connect only with a good access token.
 * @throws TypeError that names the option and the cure
 */
export function createSocketIo(
  services: SocketIoServices,
  sockets: LiveSockets,
  guarded: WeakSet<object>,
  options: VerifyOptions,
): SocketIoMiddleware {
  const checks = parseVerifyOptions(options, services, 'socketIo()');
  const guard: SocketGuard = { kind: SOCKET_IO, checks };
  const onRenew = createOnRenew(services, sockets);
  const watched = new WeakSet<object>();

  /** Not before: other middleware may still refuse the socket, and nothing says so. */
  function onConnect(socket: Socket): void {
    const live = sockets.get(socket);
    if (!live) return;
    try {
      sockets.add(live);
    } catch (error) {
      endBeforeConnection(socket, (error as { code: SocketEndCode }).code);
    }
  }

  return function socketIoGuard(given, next) {
    const socket = given as Socket;
    admitSocket(services, checks, guarded, socket).then(
      (admission) => {
        if (!watched.has(socket.nsp)) socket.nsp.prependListener('connect', onConnect);
        watched.add(socket.nsp);
        if (admission) sockets.admit(socket, guard, admission);
        else sockets.addAnonymous(socket);
        // Anonymous sockets get an answer too, or their clients would wait for it in vain.
        socket.on(RENEW, onRenew);
        // A connection that socket.io has restored brings the user from before.
        Object.assign(socket.data as object, { user: admission?.user });
        next();
      },
      (error: unknown) => next(errorFor(services, socket, error)),
    );
  };
}

/**
 * The session has ended while other middleware was at work. socket.io calls the listeners of `connection` all the same: what they make
 * for the socket, they take back at `disconnect`, which would have been over before they could listen.
 */
function endBeforeConnection(socket: Socket, code: SocketEndCode): void {
  SOCKET_IO.tell?.(socket, code);
  socket.disconnect(true);
  for (const event of ENDS) socket.removeAllListeners(event);
  process.nextTick(() => {
    // Not the method of socket.io, which would send it to the client.
    for (const event of ENDS) EventEmitter.prototype.emit.call(socket, event, 'server namespace disconnect');
  });
}

async function admitSocket(
  services: SocketIoServices,
  checks: SocketGuard['checks'],
  guarded: WeakSet<object>,
  socket: Socket,
): Promise<Admission | undefined> {
  // A renewal and a lost store would be judged by the options of one of the guards only.
  if (guarded.has(socket))
    throw new TypeError('socketIo(): this namespace is guarded already: call io.use(auth.socketIo()) once');
  guarded.add(socket);
  if (socket.nsp.server.opts?.connectionStateRecovery?.skipMiddlewares)
    throw new TypeError(
      'socketIo(): connectionStateRecovery lets clients come back without a check: set its option skipMiddlewares to false',
    );
  const req = socket.request as Request;
  return admit(services, checks, req, () => {
    const { token } = socket.handshake.auth;
    if (token === undefined || token === null || token === '') return tokensOfHandshake(req, services.config);
    if (typeof token !== 'string') throw new AuthError('ACCESS_TOKEN_INVALID');
    return [{ token, from: 'header' }];
  });
}

/** What the client gets in `connect_error`. */
function errorFor(services: SocketIoServices, socket: Socket, error: unknown): Error & { data?: unknown } {
  if (error instanceof AuthError)
    return Object.assign(new Error(error.message), { data: bodyOf(services, socket, error) });
  warnOf('socket of socket.io', error);
  return new Error('Internal error');
}

function bodyOf(services: SocketIoServices, socket: Socket, error: AuthError) {
  return { code: error.code, message: textFor(services, socket, error) };
}

/** In English on an engine of socket.io whose requests are not those of Node. */
function textFor({ textOf }: SocketIoServices, { request }: Socket, error: AuthError): string {
  return isNodeRequest(request) ? textOf(error, request as Request) : error.message;
}

/** Acknowledges with `{ expiresAt }`, or `{ code, message }`. Never throws: what comes is the client's. */
function createOnRenew(services: SocketIoServices, sockets: LiveSockets) {
  return function onRenew(this: Socket, ...values: unknown[]): void {
    const { token } = (values[0] ?? {}) as { token?: unknown };
    const last = values.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (answer: object) => void) : () => undefined;
    renew(services, sockets, this, token)
      .then(
        ({ expiresAt }) => ({ expiresAt: expiresAt.toISOString() }),
        (error: unknown) => {
          if (!(error instanceof AuthError)) warnOf('socket of socket.io', error);
          return bodyOf(
            services,
            this,
            error instanceof AuthError ? error : new AuthError('SERVICE_UNAVAILABLE'),
          );
        },
      )
      .then(acknowledge)
      .catch((error: unknown) => warnOf('socket of socket.io', error));
  };
}
