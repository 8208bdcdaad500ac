// The process of one app: it listens, and reports the CPU time that it has used.
import { once } from 'node:events';
import { answerCalls, childSettings } from './child.mjs';

const { app: name, ...settings } = childSettings();
const { default: createApp } = await import(`../apps/${name}.mjs`);
const app = await createApp(settings);
const server = app.listen(0, '127.0.0.1');
// The connections of a variant stay open while the others are measured, also those that have sent nothing yet.
server.keepAliveTimeout = 1_200_000;
server.requestTimeout = 0;
server.headersTimeout = 0;
await once(server, 'listening');

answerCalls(server.address().port, {
  /** Of the whole process, including its threads and garbage collection. */
  cpuMicroseconds() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
