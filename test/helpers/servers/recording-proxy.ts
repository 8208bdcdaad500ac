import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface RecordingProxy {
  readonly url: string;
  /** All requests so far, in the order of their answers. */
  readonly exchanges: { line: string; status: number; cookies: boolean }[];
  close(): void;
}

/** A proxy in front of an app. It records what a browser really sends: pages can't see all of that themselves. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const exchanges: RecordingProxy['exchanges'] = [];
  const server: Server = createServer((req, res) => {
    const { method, headers, url: path = '' } = req;
    const forwarded = request(new URL(path, target), { method, headers }, (answer: IncomingMessage) => {
      res.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(res);
      const cookies = headers.cookie !== undefined;
      exchanges.push({ line: `${method} ${path}`, status: answer.statusCode as number, cookies });
    });
    req.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
