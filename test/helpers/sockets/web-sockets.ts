import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import type { Auth, VerifyOptions } from '../../../src/index';

/** How a connection ended: the code and the reason of its close, or the status and the body of a refused handshake. */
export interface Ended {
  code?: number;
  reason?: string;
  status?: number | undefined;
  body?: { code?: string; message?: string };
  headers?: IncomingMessage['headers'];
}

export interface Connection {
  readonly client: WebSocket;
  /** Resolves when the connection is open. Rejects with what ended it before. */
  readonly opened: Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Connects a client that answers a close, as browsers do. */
export function connect(url: string, headers: Record<string, string> = {}): Connection {
  const client = new WebSocket(url, { headers });
  const ended = new Promise<Ended>((resolve) => {
    client.on('error', () => undefined);
    client.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    client.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: (text && JSON.parse(text)) as object,
        }),
      );
    });
  });
  const opened = new Promise<void>((resolve, reject) => {
    client.on('open', resolve);
    void ended.then(reject);
  });
  opened.catch(() => undefined);
  return { client, opened, ended };
}

export interface SocketApp {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly wss: WebSocketServer;
  readonly connections: { ws: WebSocket; request: IncomingMessage }[];
  close(): Promise<void>;
}

/** A server whose WebSockets the auth guards. */
export async function serveWebSockets(
  auth: Auth,
  options?: VerifyOptions,
  serverOptions: ServerOptions = {},
): Promise<SocketApp> {
  const server = createServer();
  const wss = auth.upgrade(new WebSocketServer({ server, ...serverOptions }), options);
  const connections: SocketApp['connections'] = [];
  wss.on('connection', (ws, request) => {
    ws.on('error', () => undefined);
    connections.push({ ws, request });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    server,
    wss,
    connections,
    async close() {
      for (const each of wss.clients) each.terminate();
      wss.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
