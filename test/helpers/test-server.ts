import { freePort } from './free-port';
import type { ServerFolder } from './server-folder';
import { ServerProcess, type ServerCommand } from './server-process';

const START_ATTEMPTS = 5;

/** How a test handles a server. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Ends it and removes its temporary folder. Safe to call twice, and after `kill` or `freeze`. */
  stop(): Promise<void>;
  /** Ends it at once, as if the machine had lost its power: new connections are refused. */
  kill(): Promise<void>;
  /** Halts it with all its children: connections stay open, and nobody answers. */
  freeze(): void;
  /** Undoes `freeze`. */
  thaw(): void;
  /** Starts it again on its port and folder, whether it runs, stands still or was killed. */
  restart(): Promise<void>;
}

export interface ServerOptions {
  /** Added to the server's arguments. */
  args?: readonly string[];
  /** Kept by `stop`. Default: a temporary folder. */
  dir?: string;
  /** Default: a free one. */
  port?: number;
}

export interface ServerPlan {
  folder: ServerFolder;
  port: number | undefined;
  command(port: number): ServerCommand;
  url(port: number): string;
}

/** Starts a server. Where nobody asked for a certain port, one that was taken meanwhile is replaced. */
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
