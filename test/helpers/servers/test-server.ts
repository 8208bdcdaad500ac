import { freePort } from './free-port';
import type { ServerFolder } from './server-folder';
import { ServerProcess, type ServerCommand } from './server-process';

const START_ATTEMPTS = 5;

/** A server that a test can stop, freeze and restart. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Ends the server and removes its temporary folder. Can be called twice, and after `kill` or `freeze`. */
  stop(): Promise<void>;
  /** Ends the server at once, like a power failure would. New connections are refused. */
  kill(): Promise<void>;
  /** Halts the server and all its children. Connections stay open, but get no answers. */
  freeze(): void;
  /** Undoes `freeze`. */
  thaw(): void;
  /** Starts the server again with the same port and folder, whether it is running, frozen or killed. */
  restart(): Promise<void>;
}

export interface ServerOptions {
  /** Added to the server's arguments. */
  args?: readonly string[];
  /** Kept by `stop`. Default: a temporary folder. */
  dir?: string;
  /** Default: a free port. */
  port?: number;
}

export interface ServerPlan {
  folder: ServerFolder;
  port: number | undefined;
  command(port: number): ServerCommand;
  url(port: number): string;
}

/** Starts a server. If its port has been taken in the meantime, it tries another one, unless a certain port was asked for. */
export async function startServer(plan: ServerPlan): Promise<TestServer> {
  for (let attempt = 1; ; attempt++) {
    const port = plan.port ?? (await freePort());
    const server = new ServerProcess(plan.command(port));
    try {
      await server.start();
      return testServer(server, plan, port);
    } catch (error) {
      const mayRetry = plan.port === undefined && attempt < START_ATTEMPTS;
      if (mayRetry && /address already in use/i.test(String(error))) continue;
      plan.folder.remove();
      throw error;
    }
  }
}

function testServer(server: ServerProcess, plan: ServerPlan, port: number): TestServer {
  return {
    url: plan.url(port),
    port,
    async stop() {
      await server.stop();
      plan.folder.remove();
    },
    kill: () => server.kill(),
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    async restart() {
      await server.stop();
      await server.start();
    },
  };
}
