import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Connections that are open now stay open, but no more data passes through them. New ones work. */
  silence(): void;
  /** Ends all connections, and refuses new ones until `restore`. */
  cut(): void;
  restore(): void;
  /** From now on data arrives this much later, in each direction. */
  delay(milliseconds: number): void;
  /** From now on an answer for which this returns true is dropped, and its connection ends. */
  loseAnswers(isLost: (answer: Buffer) => boolean): void;
  /** Forwards new connections to another port, like when another server takes over an address. */
  retarget(port: number): void;
  close(): Promise<void>;
}

/** A proxy between a client and a server, like a NAT or a load balancer. */
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
    const passOn = forwardInOrder(() => delayMs);
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

/** Keeps the order of the data, even if the delay changes. */
function forwardInOrder(delayMs: () => number) {
  return (to: Socket) => {
    let earlier: Promise<unknown> = Promise.resolve();
    return (data: Buffer): void => {
      earlier = Promise.all([earlier, delayMs() > 0 && sleep(delayMs())]).then(() => to.write(data));
    };
  };
}
