// Two processes that write to one PGlite folder would destroy it, and PGlite doesn't check for that.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GIVE_WAY_MS = 500;

/** @typedef {{ pid: number, startedAt: string }} Holder */

/**
 * Locks a folder for this process until it ends, even if it is killed.
 *
 * Each process first writes a file named after itself, and then looks for the files of others. So no process removes a file
 * that a running one relies on, and the file of a killed process is recognised at once.
 *
 * @param {string} folder created if missing
 * @throws Error that names the process that has locked the folder
 */
export async function lockFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const self = { pid: process.pid, startedAt: startTime(process.pid) ?? '0' };
  const path = lockPath(folder, self);
  const unlock = () => rmSync(path, { force: true });
  writeFileSync(path, '');
  process.once('exit', unlock);

  const deadline = Date.now() + GIVE_WAY_MS;
  for (;;) {
    const other = holders(folder).find(({ pid }) => pid !== process.pid);
    if (!other) return;
    // Of two that start together, the one with the higher process id gives way, and the other waits until it has.
    if (other.pid < process.pid || Date.now() > deadline) {
      unlock();
      throw new Error(
        `${folder} is in use by process ${other.pid}: stop it, or set DATA_DIR to another folder`,
      );
    }
    await sleep(20);
  }
}

/**
 * The running processes that hold the folder or want to. Removes the files of processes that have ended.
 *
 * @param {string} folder
 */
function holders(folder) {
  return readdirSync(folder)
    .flatMap(parseLockName)
    .filter((holder) => {
      const running = isRunning(holder);
      if (!running) rmSync(lockPath(folder, holder), { force: true });
      return running;
    });
}

/** @param {string} folder @param {Holder} holder */
function lockPath(folder, { pid, startedAt }) {
  return join(folder, `process-${pid}-${startedAt}.lock`);
}

/**
 * @param {string} name
 * @returns {Holder[]}
 */
function parseLockName(name) {
  const [, pid, startedAt] = /^process-(\d+)-(\d+)\.lock$/.exec(name) ?? [];
  return pid && startedAt ? [{ pid: Number(pid), startedAt }] : [];
}

/** @param {Holder} holder */
function isRunning({ pid, startedAt }) {
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    // EPERM: it runs, as another user.
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
  }
  // Process ids are reused, so another process may have this one by now.
  return (startTime(pid) ?? startedAt) === startedAt;
}

/**
 * When a process started, in clock ticks after boot; undefined where the system doesn't tell (anything but Linux).
 *
 * @param {number} pid
 */
function startTime(pid) {
  try {
    // "pid (name) state …": the name may contain anything. The start time is the 20th field, counted from the state.
    const [, fields = ''] = /\) ([^)]*)$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [state, ...others] = fields.split(' ');
    // A zombie has ended; its parent just hasn't collected it.
    return state === 'Z' ? 'ended' : others[18];
  } catch {
    return undefined;
  }
}
