import { BoundedPostgres } from '../../../src/stores/postgres/client';
import { BoundedRedis } from '../../../src/stores/redis/client';
import { BRIEF, PATIENT, useCallTimes } from '../call-times';
import { eventually } from '../eventually';
import { startStopwatch } from '../within';
import type { TestServer } from './test-server';

type Server = 'redis' | 'postgres';
type Servers = Readonly<Record<Server, TestServer>>;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A request that has not been sent yet. */
export interface FrozenStep {
  send(): Promise<Answer>;
  /** What holds once it is sent again after an outage, until its answer is not 503. */
  expectDone(again: Answer): Promise<void>;
}

/** How often a busy machine may make the same command too late, one time after the other. */
const MAX_LATE = 5;
/** Every such step has more commands than this. */
const FEW_COMMANDS = 3;

/** Freezes a server before the first command of a step, then before the second command of another one, and so on. */
export async function freezeAtEachCommand(servers: Servers, begin: () => Promise<FrozenStep>): Promise<void> {
  for (let [nth, late] = [1, 0]; ;) {
    const { send, expectDone } = await begin();
    const { frozen, first, tookMs } = await sendFrozen(servers, nth, send);
    if (frozen) {
      expect(tookMs).toBeLessThan(2500);
      expect([200, 503]).toContain(first.status);
      let again = first;
      await eventually('an answer', async () => (again = await send()).status !== 503);
      await expectDone(again);
      [nth, late] = [nth + 1, 0];
    } else if (first.status === 503) {
      // On a busy machine a command before that one took too long.
      late += 1;
      if (late > MAX_LATE) throw new Error(`Before command ${nth} it was ${first.status}, without an outage`);
    } else {
      // There are fewer commands.
      expect(first.status).toBe(200);
      expect(nth).toBeGreaterThan(FEW_COMMANDS);
      return;
    }
  }
}

async function sendFrozen(servers: Servers, nth: number, send: FrozenStep['send']) {
  const freezing = freezeAt(servers, nth);
  useCallTimes(BRIEF);
  try {
    const elapsed = startStopwatch();
    const first = await send();
    return { frozen: freezing.frozen, first, tookMs: elapsed() };
  } finally {
    freezing.end();
    useCallTimes(PATIENT);
    if (freezing.frozen) servers[freezing.frozen].thaw();
  }
}

/** Freezes the server that gets the nth command from now on, right before it. @returns which, if there were so many */
function freezeAt(servers: Servers, nth: number): { frozen?: Server; end(): void } {
  let commands = 0;
  const state: ReturnType<typeof freezeAt> = { end: () => spies.forEach((spy) => spy.mockRestore()) };
  const spyOn = (server: Server, prototype: object, method: string) => {
    const real = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
    return jest.spyOn(prototype as never, method as never).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      commands += 1;
      if (commands === nth) {
        servers[server].freeze();
        state.frozen = server;
      }
      return real.apply(this, args);
    } as never);
  };
  const spies = [
    spyOn('redis', BoundedRedis.prototype, 'call'),
    spyOn('postgres', BoundedPostgres.prototype, 'query'),
  ];
  return state;
}
