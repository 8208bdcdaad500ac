import { Server, type RequestListener } from 'node:http';

const servers: LastingServer[] = [];

afterAll(() => servers.splice(0).forEach((server) => server.end()));

/** supertest closes a server that it has started after each request, and binding a port costs as much as the request itself. */
class LastingServer extends Server {
  override close(callback?: (error?: Error) => void): this {
    callback?.();
    return this;
  }

  end(): void {
    super.close();
    this.closeAllConnections();
  }
}

/** A server for `request(…)` that listens from its first request to the end of the test file. */
export function lastingServer(app: RequestListener): Server {
  const server = new LastingServer(app);
  servers.push(server);
  return server;
}
