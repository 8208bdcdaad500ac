import { execFile } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverFolder } from './server-folder';
import type { ServerCommand } from './server-process';
import { systemUser } from './system-user';
import { startServer, type ServerOptions, type TestServer } from './test-server';

interface Program {
  readonly program: string;
  readonly args: readonly string[];
}

/** Where a server keeps its files, and where among them its data. */
export interface DatabaseFolders {
  readonly folder: string;
  readonly data: string;
}

/** A server that refuses to run as root, and whose data folder another program makes. */
export interface DatabasePlan {
  /** The system user that it runs as. */
  readonly user: string;
  readonly stopSignal: ServerCommand['stopSignal'];
  /** A name in the data folder, once that has been made. */
  readonly madeData: string;
  /** Makes the data folder. */
  makeData(folders: DatabaseFolders): Program;
  serve(folders: DatabaseFolders, port: number): Program;
  url(port: number): string;
}

/** After `kill` and `restart` it still has its data. */
export async function startDatabaseServer(
  plan: DatabasePlan,
  { args = [], dir, port }: ServerOptions,
): Promise<TestServer> {
  const user = systemUser(plan.user);
  const folder = serverFolder(dir);
  if (user) chownSync(folder.path, user.uid, user.gid);
  const folders = { folder: folder.path, data: join(folder.path, 'data') };
  const make = plan.makeData(folders);
  try {
    if (!existsSync(join(folders.data, plan.madeData)))
      await promisify(execFile)(make.program, make.args, { cwd: folder.path, ...user });
  } catch (error) {
    folder.remove();
    throw error;
  }
  return startServer({
    folder,
    port,
    url: (chosen) => plan.url(chosen),
    command: (chosen) => {
      const { program, args: fixed } = plan.serve(folders, chosen);
      const { stopSignal } = plan;
      return { program, args: [...fixed, ...args], folder: folder.path, stopSignal, user };
    },
  });
}
