import { BoundedPostgres } from '../../../src/stores/postgres/client';
import { BoundedRedis } from '../../../src/stores/redis/client';
import type { TestServer } from './test-server';

type Server = 'redis' | 'postgres';

/** Freezes the server that gets the nth command from now on, right before it. @returns which, if there were so many */
export function freezeAt(
  servers: Readonly<Record<Server, TestServer>>,
  nth: number,
): { frozen?: Server; end(): void } {
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
