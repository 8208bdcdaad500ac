import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from './eventually';

/** A request whose guards have let it through, and which waits for its body. */
export interface HeldRequest {
  /** Sends the body. @returns the body of the answer */
  finish(): Promise<unknown>;
}

/** Clients that hold their bodies back. */
export interface HoldingClients {
  hold(
    method: string,
    path: string,
    accessToken: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<HeldRequest>;
  close(): Promise<void>;
}

export async function holdingClients(app: RequestListener): Promise<HoldingClients> {
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async hold(method, path, accessToken, body = {}, others = {}) {
      const content = JSON.stringify(body);
      const headers = {
        ...others,
        Authorization: `Bearer ${accessToken}`,
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(content),
      };
      const arrived = once(server, 'request') as Promise<[IncomingMessage]>;
      const sent = request({ host: '127.0.0.1', port, method, path: `/auth${path}`, headers, agent: false });
      sent.flushHeaders();
      const [received] = await arrived;
      await eventually('the body is waited for', () => Promise.resolve(received.listenerCount('data') > 0));
      return {
        async finish() {
          const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
          sent.end(content);
          const [answer] = await answered;
          return JSON.parse((await text(answer)) || '{}') as unknown;
        },
      };
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
