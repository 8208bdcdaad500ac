// A process of its own for one app: listens, and tells what CPU time it has used.
import { once } from 'node:events';
import { answerCalls, childSettings } from './child.mjs';

const { app: name, ...settings } = childSettings();
const { default: createApp } = await import(`../apps/${name}.mjs`);
const app = await createApp(settings);
const server = app.listen(0, '127.0.0.1');
// The connections of a variant stay open while the others have their turn.
server.keepAliveTimeout = 600_000;
await once(server, 'listening');

answerCalls(server.address().port, {
  /** The whole process, its threads and its garbage collection included. */
  cpuMicroseconds() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
