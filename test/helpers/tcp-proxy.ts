import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** The connections that are open now stay open, and nothing comes through them any more; new ones work. */
  silence(): void;
  /** Ends the connections that are open now, and refuses new ones until `restore`. */
  cut(): void;
  restore(): void;
  /** From now on whatever is sent arrives so much later, in each direction. */
  delay(milliseconds: number): void;
  /** From now on an answer for which this is true is not passed on: its connection ends instead. */
  loseAnswers(isLost: (answer: Buffer) => boolean): void;
  /** New connections lead there, as when an address is handed over. */
  retarget(port: number): void;
  close(): Promise<void>;
}

/** Stands between a client and a server, as a NAT or a load balancer does. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let isCut = false;
  let currentTarget = targetPort;
  let delayMs = 0;
  let isLost: (answer: Buffer) => boolean = () => false;
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const target = connect(currentTarget, '127.0.0.1');
    const pair: [Socket, Socket] = [client, target];
    pairs.add(pair);
    const destroy = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('error', destroy).on('close', destroy);
    const passOn = passingOn(() => delayMs);
    client.on('data', passOn(target));
    const answer = passOn(client);
    target.on('data', (data: Buffer) => (isLost(data) ? destroy() : answer(data)));
  });
  const destroyAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      for (const pair of pairs) for (const socket of pair) socket.removeAllListeners('data').resume();
    },
    cut() {
      isCut = true;
      destroyAll();
    },
    restore() {
      isCut = false;
    },
    delay(milliseconds) {
      delayMs = milliseconds;
    },
    loseAnswers(lost) {
      isLost = lost;
    },
    retarget(port) {
      currentTarget = port;
    },
    async close() {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What was sent first arrives first, also when the delay changes. */
function passingOn(delayMs: () => number) {
  return (to: Socket) => {
    let earlier: Promise<unknown> = Promise.resolve();
    return (data: Buffer): void => {
      earlier = Promise.all([earlier, delayMs() > 0 && sleep(delayMs())]).then(() => to.write(data));
    };
  };
}
