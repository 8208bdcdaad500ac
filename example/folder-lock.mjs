// Two processes that write to one PGlite folder would destroy it, and PGlite itself doesn't look.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GIVE_WAY_MS = 500;

/** @typedef {{ pid: number, startedAt: string }} Holder */

/**
 * Keeps a folder for this process until it ends, in whatever way that happens.
 *
 * Each process first puts down a file named after itself and then looks for others. So nobody ever removes a file
 * that a living process relies on, and the file of one that was killed is known as such at once.
 *
 * @param {string} folder made if there is none
 * @throws Error that names the process that has the folder
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
    // Of two that start together, the one with the higher number gives way, and the other waits for that.
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
 * The living processes that hold the folder or want to; what dead ones left behind is removed.
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
    // EPERM: it lives, and belongs to somebody else.
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
  }
  // Systems use numbers again, so that another process may have this one by now.
  return (startTime(pid) ?? startedAt) === startedAt;
}

/**
 * When a process started, in ticks since the machine did; undefined where the system doesn't say (no Linux).
 *
 * @param {number} pid
 */
function startTime(pid) {
  try {
    // "pid (name) state …": the name may hold anything, and the start is the 20th field from the state on.
    const [, fields = ''] = /\) ([^)]*)$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [state, ...others] = fields.split(' ');
    // A zombie has ended; only its parent hasn't noticed.
    return state === 'Z' ? 'ended' : others[18];
  } catch {
    return undefined;
  }
}
