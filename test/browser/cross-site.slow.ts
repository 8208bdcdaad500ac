import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import type { Session, StoredUser } from '../../src/index';
import { PASSWORD } from '../helpers/apps/app';
import { useBrowser } from '../helpers/browsers/browser';
import { eventually } from '../helpers/eventually';
import { useExampleApp } from '../helpers/apps/example-app';
import { heading, logIn, openView } from '../helpers/browsers/example-page';
import { startRecordingProxy, type RecordingProxy } from '../helpers/servers/recording-proxy';

const example = useExampleApp();
const browser = useBrowser();
let app: typeof example;
let proxy: RecordingProxy;
/** The page of another site. It does nothing by itself. */
let foreign: Server;
beforeAll(async () => {
  proxy = await startRecordingProxy(example.url);
  app = { ...example, url: proxy.url };
  foreign = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>foreign</title><h1>Hello</h1>');
  }).listen(0);
  await once(foreign, 'listening');
});
afterAll(() => {
  proxy.close();
  foreign.close();
});

/** Code for the foreign page, and the requests that it makes a browser send. AUTH is the URL of the example's router. */
const ATTACKS: [name: string, code: string, sent: string[]][] = [
  [
    'a form that posts',
    `for (const path of ['/logout', '/refresh', '/logout-all', '/login']) {
      document.body.append(Object.assign(document.createElement('iframe'), { name: path }));
      const form = Object.assign(document.createElement('form'), { method: 'POST', action: AUTH + path, target: path, enctype: 'text/plain' });
      form.append(Object.assign(document.createElement('input'), { name: '{"username":"MALLORY","password":"PASSWORD","x":"', value: '"}' }));
      document.body.append(form);
      form.submit();
    }`,
    ['POST /auth/login', 'POST /auth/logout', 'POST /auth/logout-all', 'POST /auth/refresh'],
  ],
  [
    'fetch with credentials',
    `for (const path of ['/logout', '/refresh', '/logout-all', '/login']) {
      const body = '{"username":"MALLORY","password":"PASSWORD"}';
      fetch(AUTH + path, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(() => {});
    }`,
    ['POST /auth/login', 'POST /auth/logout', 'POST /auth/logout-all', 'POST /auth/refresh'],
  ],
  [
    'pictures',
    `for (const path of ['/logout', '/refresh']) document.body.append(Object.assign(new Image(), { src: AUTH + path }));`,
    ['GET /auth/logout', 'GET /auth/refresh'],
  ],
  [
    'a link that is followed',
    `document.body.append(Object.assign(document.createElement('a'), { href: AUTH + '/logout' }));
     document.querySelector('a').click();`,
    ['GET /auth/logout'],
  ],
];

describe.each([
  ['another site', 'localhost', false],
  ['another origin of the same site, which is sent the cookies', '127.0.0.1', true],
])('%s', (_where, host, getsCookies) => {
  let user: StoredUser;
  let mallory: StoredUser;
  let context: BrowserContext;
  let before: Session[];
  beforeEach(async () => {
    [user, mallory] = [await app.createUser(), await app.createUser()];
    context = await browser.open();
    await logIn(context, app, user);
    before = await app.sessions.list(user.id);
    proxy.exchanges.length = 0;
  });

  test.each(ATTACKS)('%s changes nothing', async (_name, code, sent) => {
    const page = await context.newPage();
    await page.goto(`http://${host}:${(foreign.address() as AddressInfo).port}/`);
    const text = code.replaceAll('MALLORY', mallory.username).replaceAll('PASSWORD', PASSWORD);
    await page.evaluate(`(() => { const AUTH = '${app.url}/auth'; ${text} })()`);

    const answered = () => proxy.exchanges.filter(({ line }) => line.includes('/auth/'));
    await eventually('the requests are answered', () => Promise.resolve(answered().length >= sent.length));
    expect(
      answered()
        .map(({ line }) => line)
        .sort(),
    ).toEqual(sent);
    for (const { status, cookies } of answered()) {
      expect({ status, cookies }).toEqual({ status: 403, cookies: getsCookies });
    }
    expect(await app.sessions.list(user.id)).toEqual(before);
    expect(await app.sessions.list(mallory.id)).toEqual([]);
    await heading(await openView(context, app, '/profile'), `Hello, ${user.username}`);
  });
});
