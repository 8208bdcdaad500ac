import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../helpers/eventually';
import { ANN, openSite, type Site } from './browser';

let site: Site;
beforeEach(async () => void (site = await openSite()));
afterEach(() => site.close());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Holds every request to a path back, until `release` is called. */
function holdBack(path: string) {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  site.network = async (request, send) => {
    if (request.url.endsWith(path)) await released;
    return send();
  };
  return { release };
}

describe.each(['cookie', 'bearer'] as const)('%s', (transport) => {
  async function openExpired() {
    const client = site.tab(site.browser(), { transport });
    await client.login(ANN);
    site.expire();
    return client;
  }
  const refreshing = () =>
    eventually('a refresh is sent', () => Promise.resolve(site.sentTo('/auth/refresh').length === 1));

  test.each(['init', 'Request'] as const)(
    'a call aborted by the signal of its %s rejects while the refresh still waits, and is not sent again',
    async (where) => {
      const client = await openExpired();
      const { release } = holdBack('/refresh');
      const controller = new AbortController();
      const url = `${site.origin}/auth/logout-all`;
      const init = { method: 'POST', signal: controller.signal };
      const aborted = where === 'init' ? client.fetch(url, init) : client.fetch(new Request(url, init));
      const outcome = aborted.catch((error: Error) => error.name);
      await refreshing();
      const other = client.fetch(`${site.origin}/profile`);
      collectGarbage();
      controller.abort();
      expect(await outcome).toBe('AbortError');
      release();
      expect((await other).status).toBe(200);
      expect(site.sentTo('/auth/logout-all')).toHaveLength(1);
      expect(site.sentTo('/auth/refresh')).toHaveLength(1);
    },
  );

  test('a call rejects with the reason of its signal', async () => {
    const client = await openExpired();
    const { release } = holdBack('/refresh');
    const controller = new AbortController();
    const outcome = client.fetch(`${site.origin}/profile`, { signal: controller.signal }).catch(String);
    await refreshing();
    controller.abort('the page was left');
    expect(await outcome).toBe('the page was left');
    release();
    await client.refresh();
  });

  test('a signal without a reason, as React Native has it, aborts with an AbortError', async () => {
    const client = await openExpired();
    const { release } = holdBack('/refresh');
    const controller = new AbortController();
    Object.defineProperty(controller.signal, 'reason', { value: undefined });
    const outcome = client
      .fetch(`${site.origin}/profile`, { signal: controller.signal })
      .catch((error: Error) => error.name);
    await refreshing();
    controller.abort();
    expect(await outcome).toBe('AbortError');
    release();
    await client.refresh();
  });

  test('the very signal of the caller comes with the request and with its repetition', async () => {
    const seen: (AbortSignal | null | undefined)[] = [];
    const fetch = site.browser();
    const watched: typeof fetch = (input, init) => {
      if ((input as Request).url.endsWith('/profile')) seen.push(init?.signal);
      return fetch(input, init);
    };
    const client = site.tab(watched, { transport });
    await client.login(ANN);
    site.expire();
    const { signal } = new AbortController();
    expect((await client.fetch(`${site.origin}/profile`, { signal })).status).toBe(200);
    await client.fetch(`${site.origin.replace('127.0.0.1', 'localhost')}/profile`, { signal });
    expect(seen).toEqual([signal, signal, signal]);
  });

  test('a logout aborts a refresh in flight, also after a garbage collection', async () => {
    const client = await openExpired();
    const held: Request[] = []; // a Request that nothing holds loses its signal
    site.network = async (request, send) => {
      if (!request.url.endsWith('/refresh')) return send();
      held.push(request);
      await once(request.signal, 'abort');
      throw request.signal.reason;
    };
    const pending = client.fetch(`${site.origin}/profile`).catch((error: unknown) => error);
    await refreshing();
    collectGarbage();
    await client.logout();
    expect(held).toMatchObject([{ signal: { aborted: true } }]);
    expect(await pending).toBeInstanceOf(Error);
  });
});
