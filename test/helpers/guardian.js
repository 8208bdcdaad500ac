// A process of its own that ends the servers when the process that started them is gone, however that
// ended: an exit handler is not called after SIGINT or SIGKILL, nor at all inside a Jest test file.
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
