import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const pids = new Set<number>();
const folders = new Set<string>();
let guardian: ChildProcess | undefined;

/** Makes the guardian kill this server if our own process ends first. */
export function guardProcess(pid: number): void {
  pids.add(pid);
  tellGuardian();
}

export function releaseProcess(pid: number): void {
  pids.delete(pid);
  tellGuardian();
}

/** Makes the guardian remove this folder if our own process ends first. */
export function guardFolder(folder: string): void {
  folders.add(folder);
  tellGuardian();
}

export function releaseFolder(folder: string): void {
  folders.delete(folder);
  tellGuardian();
}

function tellGuardian(): void {
  guardian ??= startGuardian();
  guardian.send({ pids: [...pids], folders: [...folders] });
  if (pids.size + folders.size > 0) return;
  guardian.disconnect();
  guardian = undefined;
}

function startGuardian(): ChildProcess {
  // Detached: Ctrl-C in the terminal must not reach it.
  const child = fork(join(__dirname, 'guardian.js'), { detached: true, stdio: 'ignore', execArgv: [] });
  child.unref();
  child.channel?.unref();
  return child;
}
