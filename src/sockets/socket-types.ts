import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AuthErrorCode } from '../errors.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';

/** What `auth.upgrade` needs of a `WebSocketServer` of the package ws. */
export interface WebSocketServerLike {
  /** Answers the handshake. `auth.upgrade` puts a guard in front of it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the socket is the library's, or a class that the app has made of it
  handleUpgrade(request: any, socket: Duplex, head: Buffer, callback: (...args: any[]) => void): void;
}

/** What `auth.socketIo` needs of a socket of socket.io. */
export interface SocketIoSocket {
  readonly request: IncomingMessage;
  readonly handshake: { readonly auth: Record<string, unknown> };
  data: unknown;
}

/** Middleware for `io.use`. */
export type SocketIoMiddleware = (
  socket: SocketIoSocket,
  next: (error?: Error & { data?: unknown }) => void,
) => void;

/**
 * The type of `socket.data` behind `auth.socketIo`, for the fourth parameter of socket.io's `Server`. Undefined only with
 * `optional`.
 */
export interface SocketIoData {
  user: AuthenticatedUser;
}

/** Why a socket ends: what the client gets with ws as the reason of the close, with socket.io in `auth.ended`. */
export type SocketEndCode = Extract<
  AuthErrorCode,
  'SESSION_REVOKED' | 'ACCESS_TOKEN_EXPIRED' | 'SERVICE_UNAVAILABLE'
>;
