import fc from 'fast-check';
import { createRealStores, type RealStores } from '../helpers/apps/app';
import { bytesOf } from './bytes';
import { breakOff } from './exchange';
import { judge, judgeEvents } from './invariants';
import { endpointsOf } from './pages';
import { useQuickPasswords } from '../helpers/apps/quick-passwords';
import { requestsTo } from './requests';
import { runs } from './runs';
import { FuzzedApp } from './fuzzed-app';

useQuickPasswords();

let stores: RealStores;
let app: FuzzedApp;
beforeAll(async () => {
  stores = await createRealStores();
  app = new FuzzedApp(stores.options);
  await app.prepare();
});
afterAll(async () => {
  await app.close();
  await stores.close();
});

/** Lines that a server, a proxy and an app may each read differently. */
const LINES = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 16385',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding : chunked',
  'Content-Encoding: gzip, deflate, br',
  'Content-Type: application/json; charset=utf-7',
  'Content-Type: application/x-www-form-urlencoded',
  'Expect: 100-continue',
  'Connection: keep-alive',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Host: evil.example',
  'Authorization: Basic x',
  'Authorization: Bearer x',
  'Cookie: accessToken=x',
  'Sec-Fetch-Site: cross-site',
  ' folded: line',
  ': no name',
  'no colon',
  'X-Large: '.padEnd(9000, 'x'),
  '',
];
const line = fc.constantFrom(...LINES).map((text) => Buffer.from(`\r\n${text}`));
const bytes = fc.uint8Array({ maxLength: 6 }).map((each) => Buffer.from(each));
const edit = fc.record({ at: fc.nat(1000), remove: fc.nat(5), insert: bytes });
const edits = fc.record({ lines: fc.array(line, { maxLength: 3 }), bytes: fc.array(edit, { maxLength: 2 }) });
type Edits = typeof edits extends fc.Arbitrary<infer T> ? T : never;

/** Inserts lines after the first line of the request, and changes bytes anywhere. */
function applyEdits(request: Buffer, { lines, bytes: changes }: Edits): Buffer {
  const end = request.indexOf('\r\n');
  const withLines = Buffer.concat([request.subarray(0, end), ...lines, request.subarray(end)]);
  return changes.reduce((before, { at, remove, insert }) => {
    const place = at % before.length;
    return Buffer.concat([before.subarray(0, place), insert, before.subarray(place + remove)]);
  }, withLines);
}

const isAlive = async () =>
  (await app.send(Buffer.from('GET /auth/check HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')))
    ?.status === 401;

async function assertNothingBroke(): Promise<void> {
  judgeEvents(app);
  expect(app.testApp.unforeseen.splice(0)).toEqual([]);
  await app.assertVictimUntouched();
}

test('a request with broken bytes does no harm', async () => {
  const requests = requestsTo(endpointsOf(app.testApp.auth));
  const property = fc.asyncProperty(requests, edits, async (request, changes) => {
    await app.ensureLoggedIn();
    const answer = await app.send(applyEdits(bytesOf(app, request), changes));
    // Only the server knows which method the request has after the edits. The answer to a HEAD has no body to check.
    if (answer) judge(app, answer.body === '' ? 'HEAD' : request.method, answer);
    await assertNothingBroke();
  });
  await fc.assert(property, runs(150));
  expect(await isAlive()).toBe(true);
});

test('a request that breaks off at any byte does no harm', async () => {
  const requests = requestsTo(endpointsOf(app.testApp.auth));
  const property = fc.asyncProperty(requests, fc.nat(3000), fc.nat(5), async (request, at, afterMs) => {
    await app.ensureLoggedIn();
    const whole = bytesOf(app, request);
    await breakOff(app.port, whole.subarray(0, at % (whole.length + 1)), afterMs);
    await assertNothingBroke();
  });
  await fc.assert(property, runs(100));
  expect(await isAlive()).toBe(true);
});
