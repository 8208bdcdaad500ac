import type { Request } from 'express';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createErrorHandler, type ErrorHandlerServices } from '../middleware/error-handler.js';
import { parseVerifyOptions, type VerifyOptions } from '../middleware/guard-options.js';
import { kindOf } from '../utils/option-words.js';
import { admit, tokensOfHandshake, type AdmitServices } from './admit.js';
import type { Admission, LiveSockets, SocketGuard, SocketKind } from './live-sockets.js';
import type { SocketEndCode, WebSocketServerLike } from './socket-types.js';
import { warnOf } from './warn-of.js';

/** For the application's own use (RFC 6455 §7.4.2). Reminds of 401. */
const LOGGED_OUT = 4401;
/** Try again later (IANA's registry of close codes). */
const TRY_AGAIN_LATER = 1013;
const CLOSED = 3;

/** The members of a WebSocket of ws that are used here. */
interface WebSocket {
  readonly readyState: number;
  close(code: number, reason: string): void;
  terminate(): void;
  removeAllListeners(event: string): unknown;
  on(event: 'error', listener: () => void): unknown;
}

const WEB_SOCKET: SocketKind = {
  isClosed: (socket) => (socket as WebSocket).readyState === CLOSED,
  close(socket, code) {
    const ws = socket as WebSocket;
    // ws hands over messages until the client has answered the close, and a client need not answer.
    ws.removeAllListeners('message');
    ws.close(closeCodeOf(code), code);
  },
  cutOff: (socket) => (socket as WebSocket).terminate(),
};

function closeCodeOf(code: SocketEndCode): number {
  return code === 'SERVICE_UNAVAILABLE' ? TRY_AGAIN_LATER : LOGGED_OUT;
}

type UpgradeServices = AdmitServices & ErrorHandlerServices & { config: ErrorHandlerServices['config'] };
type Callback = (client: object, request: IncomingMessage) => void;

/**
 * Guards every handshake of the server, however it comes to it: `handleUpgrade` is the one way in.
 * @throws TypeError that names the option and the cure
 */
export function guardUpgrades<Server extends WebSocketServerLike>(
  services: UpgradeServices,
  sockets: LiveSockets,
  guarded: WeakSet<object>,
  server: Server,
  options: VerifyOptions,
): Server {
  assertServer(server, guarded);
  const checks = parseVerifyOptions(options, services, 'upgrade()');
  const guard: SocketGuard = { kind: WEB_SOCKET, checks };
  const accept = server.handleUpgrade.bind(server);
  const refuse = createRefuse(services);

  server.handleUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer, callback: Callback): void => {
    // ws listens for errors only from the moment it gets the socket, and one without a listener would end the process.
    socket.on('error', ignore);
    admit(services, checks, req as Request, () => tokensOfHandshake(req as Request, services.config)).then(
      (admission) => {
        setUser(req, admission);
        accept(req, socket, head, (client: object, request: IncomingMessage) => {
          socket.off('error', ignore);
          if (keep(sockets, guard, client, admission)) callback(client, request);
        });
      },
      (error: unknown) => refuse(error, req, socket),
    );
  };
  guarded.add(server);
  return server;
}

/** @throws TypeError that says what to call it with */
function assertServer(server: Partial<WebSocketServerLike> | undefined, guarded: WeakSet<object>): void {
  if (typeof server?.handleUpgrade !== 'function')
    throw new TypeError(
      `upgrade() needs a WebSocketServer of the package ws, not ${kindOf(server)}: auth.upgrade(new WebSocketServer({ server }))`,
    );
  if (guarded.has(server))
    throw new TypeError('upgrade(): this WebSocketServer is guarded already: call auth.upgrade() once');
}

function setUser(req: IncomingMessage, admission: Admission | undefined): void {
  const request = req as Request;
  if (admission) request.user = admission.user;
  else delete request.user;
}

/**
 * The session may have ended while the app's own `verifyClient` was asked.
 * @returns whether the app may have the socket
 */
function keep(
  sockets: LiveSockets,
  guard: SocketGuard,
  client: object,
  admission: Admission | undefined,
): boolean {
  try {
    if (admission) sockets.add(sockets.admit(client, guard, admission));
    else sockets.addAnonymous(client);
    return true;
  } catch (error) {
    const ws = client as WebSocket;
    ws.on('error', ignore);
    WEB_SOCKET.close(ws, (error as { code: SocketEndCode }).code);
    return false;
  }
}

/** Answers as a guard does, and closes the connection. */
function createRefuse(services: UpgradeServices) {
  const handleAuthError = createErrorHandler(services);
  return (error: unknown, req: IncomingMessage, socket: Duplex): void => {
    try {
      const res = new ServerResponse(req);
      res.shouldKeepAlive = false;
      res.assignSocket(socket as Request['socket']);
      res.once('finish', () => {
        socket.once('finish', () => socket.destroy());
        socket.end();
      });
      handleAuthError(error, req as Request, res as never, (unforeseen) => {
        warnOf('WebSocket', unforeseen);
        res.statusCode = 500;
        res.end();
      });
    } catch (thrown) {
      // A client that sends the handshake right behind another request, which has no answer yet, gets none.
      if ((thrown as { code?: unknown }).code !== 'ERR_HTTP_SOCKET_ASSIGNED') warnOf('WebSocket', thrown);
      socket.destroy();
    }
  };
}

function ignore(): void {}
