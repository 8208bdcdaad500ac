import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../helpers/eventually';
import type { AuthChange } from '../../src/client';
import { ANN, keychain, losing, useBrowserSite, type Site } from './browser';

let site: Site;
useBrowserSite((opened) => {
  site = opened;
});

const change = { currentPassword: ANN.password, newPassword: 'quite another 8 words' };

const keysOf = (requests: Request[]) => requests.map(({ headers }) => headers.get('idempotency-key'));

describe.each(['cookie', 'bearer'] as const)('%s', (transport) => {
  /** Two tabs of one browser share cookies and storage. */
  function openBrowser() {
    const fetch = site.browser();
    const storage = keychain();
    const open = () => site.tab(fetch, { transport, ...(transport === 'bearer' && { storage }) });
    return { open, storage };
  }

  test('50 parallel requests with an expired token share one refresh', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    site.expire();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => client.fetch(`${site.origin}/profile`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(site.sentTo('/auth/refresh')).toHaveLength(1);
    client.close();
  });

  test('two tabs share one refresh', async () => {
    const { open } = openBrowser();
    const [one, two] = [open(), open()];
    await one.login(ANN);
    site.expire();
    const answers = await Promise.all([one, two, one, two].map((tab) => tab.fetch(`${site.origin}/profile`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(site.sentTo('/auth/refresh')).toHaveLength(1);
    one.close();
    two.close();
  });

  test('the user stays logged in after a lost response: a reload repeats the same attempt, long after the reuse window', async () => {
    const { open } = openBrowser();
    const before = open();
    await before.login(ANN);
    site.expire();
    site.network = losing('/auth/refresh');
    await expect(before.fetch(`${site.origin}/profile`)).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      status: 0,
    });
    before.close();

    site.expire();
    const after = open();
    expect((await after.fetch(`${site.origin}/profile`)).status).toBe(200);
    const keys = keysOf(site.sentTo('/auth/refresh'));
    // The replayed pair was made long ago and has expired too, so another attempt may follow.
    expect(keys[1]).toBe(keys[0]);
    expect(await after.check()).not.toBeNull();
    after.close();
  });

  test.each([['kept'], ['lost']])(
    'two tabs without locks end up with the same tokens, with the first response %s',
    async (first) => {
      Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
      const { open } = openBrowser();
      const [one, two] = [open(), open()];
      await one.login(ANN);
      site.expire();
      if (first === 'lost') site.network = losing('/auth/refresh');
      await Promise.allSettled([one.refresh(), two.refresh()]);
      expect(site.sentTo('/auth/refresh')).toHaveLength(2);
      expect([await one.check(), await two.check()]).toEqual([expect.anything(), expect.anything()]);
      site.expire();
      expect([await one.check(), await two.check()]).toEqual([expect.anything(), expect.anything()]);
      one.close();
      two.close();
    },
  );

  test('a slow response does not undo the refreshes of a faster tab', async () => {
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
    const { open } = openBrowser();
    const [slow, fast] = [open(), open()];
    await slow.login(ANN);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let first = true;
    site.network = async (_request, send) => {
      const isFirst = first;
      first = false;
      const response = await send();
      if (isFirst) await held;
      return response;
    };
    const refreshing = slow.refresh();
    while (site.sentTo('/auth/refresh').length === 0) await sleep(5);
    await fast.refresh();
    await fast.refresh();
    release();
    await refreshing;
    site.expire();
    expect([await slow.check(), await fast.check()]).toEqual([expect.anything(), expect.anything()]);
    slow.close();
    fast.close();
  });

  test('a password change whose response was lost is sent again as the same attempt, and the user stays logged in', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    site.network = losing('/auth/refresh');
    await expect(client.refresh()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    site.network = losing('/auth/password');
    await client.changePassword(change);
    expect(new Set(keysOf(site.sentTo('/auth/password'))).size).toBe(1);
    for (let round = 0; round < 2; round++) {
      site.expire();
      expect(await client.check()).not.toBeNull();
    }
    client.close();
  });

  test('a password change that got no response at all succeeds when the user tries again', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    let answered = 0;
    site.network = async (request, send) => {
      if (!request.url.endsWith('/password')) return send();
      if (answered++ === 0) await fetch(request);
      throw new TypeError('the connection broke off');
    };
    await expect(client.changePassword(change)).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    site.network = (_request, send) => send();
    await client.changePassword(change);
    expect(new Set(keysOf(site.sentTo('/auth/password'))).size).toBe(1);
    expect(await client.check()).not.toBeNull();
    await expect(client.changePassword(change)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(new Set(keysOf(site.sentTo('/auth/password'))).size).toBe(2);
    client.close();
  });

  test('a password change with an expired access token is repeated as the same attempt', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    site.expire();
    let lost = false;
    site.network = async (request, send) => {
      if (lost || site.sentTo('/auth/password').length < 2 || !request.url.endsWith('/password'))
        return send();
      lost = true;
      await fetch(request);
      throw new TypeError('the connection broke off');
    };
    await client.changePassword(change);
    expect(site.sentTo('/auth/password')).toHaveLength(3);
    expect(new Set(keysOf(site.sentTo('/auth/password'))).size).toBe(1);
    site.expire();
    expect(await client.check()).not.toBeNull();
    client.close();
  });

  test('each refresh is an attempt of its own', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    await client.refresh();
    await client.refresh();
    const keys = keysOf(site.sentTo('/auth/refresh'));
    expect(new Set(keys).size).toBe(2);
    client.close();
  });

  test('a 503 is retried as the same attempt, and after three tries it is an error and no logout', async () => {
    const client = openBrowser().open();
    const changes: AuthChange[] = [];
    await client.login(ANN);
    client.onChange((change) => changes.push(change));
    site.expire();
    let down = 1;
    site.network = async (request, send) =>
      request.url.endsWith('/refresh') && down-- > 0
        ? Response.json({ code: 'SERVICE_UNAVAILABLE' }, { status: 503, headers: { 'retry-after': '1' } })
        : send();
    expect((await client.fetch(`${site.origin}/profile`)).status).toBe(200);
    expect(new Set(keysOf(site.sentTo('/auth/refresh'))).size).toBe(1);

    site.expire();
    down = 3;
    await expect(client.check()).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      status: 503,
      retryAfterSeconds: 1,
    });
    expect(await client.check()).not.toBeNull();
    expect(changes).toEqual([]);
    client.close();
  });

  test('an HTML page from a proxy is no logout', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    site.expire();
    site.network = async (request, send) =>
      request.url.endsWith('/refresh')
        ? new Response('<h1>401</h1>', { status: 401, headers: { 'content-type': 'text/html' } })
        : send();
    await expect(client.info()).rejects.toMatchObject({ code: 'UNEXPECTED_RESPONSE', status: 401 });
    site.network = (_request, send) => send();
    expect((await client.info()).username).toBe('ann');
    client.close();
  });

  test('the end of the session is announced in every tab, and the 401 is returned with its body', async () => {
    const { open } = openBrowser();
    const [one, two] = [open(), open()];
    await one.login(ANN);
    const changes: AuthChange[] = [];
    two.onChange((change) => changes.push(change));
    await eventually('the login is announced', () => Promise.resolve(changes.length > 0));
    changes.length = 0;
    for (let expired = 0; expired < 8; expired++) site.expire();
    const response = await one.fetch(`${site.origin}/profile`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      401,
      'ACCESS_TOKEN_EXPIRED',
    ]);
    expect(await one.check()).toBeNull();
    await eventually('the end is announced', () => Promise.resolve(changes.length > 0));
    await sleep(50); // and nothing else
    expect(changes).toEqual([{ type: 'expired', code: 'REFRESH_TOKEN_EXPIRED' }]);
    one.close();
    two.close();
  });

  test('a logout wins over a refresh in flight', async () => {
    const { open, storage } = openBrowser();
    const client = open();
    await client.login(ANN);
    site.expire();
    let reached = () => {};
    const inFlight = new Promise<void>((resolve) => (reached = resolve));
    site.network = async (request, send) => {
      if (!request.url.endsWith('/refresh')) return send();
      const answered = await send();
      reached();
      await sleep(200);
      return answered;
    };
    const fetched = client.fetch(`${site.origin}/profile`).then(
      ({ status }) => status,
      () => 'failed',
    );
    await inFlight;
    await client.logout();
    expect(await fetched).not.toBe(200);
    expect(storage.kept).toBeUndefined();
    expect(await client.check()).toBeNull();
    await expect(client.refresh()).rejects.toMatchObject({ status: 401 });
    client.close();
  });

  test('a repeated request keeps its body', async () => {
    const client = openBrowser().open();
    await client.login(ANN);
    site.expire();
    const body = new Blob([
      JSON.stringify({ currentPassword: ANN.password, newPassword: 'quite another 8 words' }),
    ]);
    const request = new Request(`${site.origin}/auth/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body.stream(),
      duplex: 'half',
    });
    expect((await client.fetch(request)).status).toBe(200);
    client.close();
  });
});
