// Clients of socket-app.mjs, in a separate process.
import { WebSocket } from 'ws';
import { answerCalls } from '../bench/lib/child.mjs';

/** @typedef {{ port: number, sessionId: string, token: string }} Plan */

const PARALLEL = 100;
const now = () => performance.timeOrigin + performance.now();

/** @type {Set<WebSocket>} */
const open = new Set();
/** By session: when its socket closed, and with which code. @type {Map<string, [number, number]>} */
const ends = new Map();

answerCalls(undefined, {
  /** Opens a socket for each plan, and resolves when all are open. @param {Plan[]} plans */
  async open(plans) {
    await inParallel(plans.length, async (index) => {
      const { port, sessionId, token } = /** @type {Plan} */ (plans[index]);
      const socket = await connect(port, token);
      open.add(socket);
      socket.on('close', (code) => {
        ends.set(sessionId, [now(), code]);
        open.delete(socket);
      });
    });
  },
  /** What has closed since the last call. */
  takeEnds() {
    const taken = [...ends];
    ends.clear();
    return taken;
  },
  /** Connects and disconnects: politely, in the middle of a message, and without a word. @param {{ plans: Plan[], count: number }} work */
  async churn({ plans, count }) {
    await inParallel(count, async (index) => {
      const { port, token } = /** @type {Plan} */ (plans[index % plans.length]);
      const socket = await connect(port, token);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      if (index % 3 === 0) socket.terminate();
      else if (index % 3 === 1) socket.close();
      else {
        socket.send('x'.repeat(100), () => socket.terminate());
      }
      await closed;
    });
  },
});

/** @param {number} port @param {string} token @returns {Promise<WebSocket>} */
function connect(port, token) {
  const headers = { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers, perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
  });
}

/** @param {number} count @param {(index: number) => Promise<void>} work */
async function inParallel(count, work) {
  let next = 0;
  const workOn = async () => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, count) }, workOn));
}
