// Signals to a server and its children. CommonJS, so that the guardian can load it without a transform.
const { execFileSync } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');

/**
 * Children get the signal as well, because PostgreSQL's backends are each in a session of their own.
 *
 * @param {number} pid
 * @param {'SIGSTOP' | 'SIGCONT' | 'SIGKILL'} signal
 */
function signalTree(pid, signal) {
  // A parent that stands still starts no child that the list would miss.
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
    // It has ended meanwhile.
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
    // "pid (name) state parent …", and the name may hold anything.
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
