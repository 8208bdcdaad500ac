// A separate process that kills the servers when the process that started them has ended in any way. An exit handler wouldn't do:
// it isn't called after SIGINT or SIGKILL, and never inside a Jest test file.
const { rmSync } = require('node:fs');
const { signalTree } = require('./process-tree.js');

/** @type {{ pids: number[], folders: string[] }} */
let guarded = { pids: [], folders: [] };

process.on('message', (message) => {
  guarded = /** @type {typeof guarded} */ (message);
});

process.on('disconnect', () => {
  for (const pid of guarded.pids) signalTree(pid, 'SIGKILL');
  for (const folder of guarded.folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});
