// Sends signals to a server and its children. It's CommonJS, because the guardian loads it without a transform.
const { execFileSync } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');

/**
 * Children get the signal too, because each PostgreSQL backend has its own process session.
 *
 * @param {number} pid
 * @param {'SIGSTOP' | 'SIGCONT' | 'SIGKILL'} signal
 */
function signalTree(pid, signal) {
  // A stopped parent can't start a child that the list would miss.
  if (signal !== 'SIGCONT') send(pid, 'SIGSTOP');
  for (const child of childrenOf(pid)) send(child, signal);
  send(pid, signal);
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // The process has ended in the meantime.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {number} pid */
function childrenOf(pid) {
  const processes = process.platform === 'linux' ? processesFromProc() : processesFromPs();
  return processes.filter(([, parent]) => parent === pid).map(([child]) => child);
}

// Slim Linux images have no ps.
function processesFromProc() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => /** @type {const} */ ([Number(name), parentFromProc(name)]));
}

/** @param {string} pid */
function parentFromProc(pid) {
  try {
    // "pid (name) state parent …", where the name may contain anything.
    return Number(/\) \S (\d+) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return NaN;
  }
}

function processesFromPs() {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return /** @type {const} */ ([Number(pid), Number(parent)]);
  });
}

module.exports = { signalTree };
