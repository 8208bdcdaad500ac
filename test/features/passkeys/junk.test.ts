import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { attestation, type CredentialJson } from '../../helpers/browsers/software-authenticator';
import { refused } from '../second-factor/factor-app';
import { newPasskey, passkeyApp, type PasskeyApp } from './passkey-app';

const INVALID = refused('INVALID_PASSKEY');
const b64 = (bytes: Buffer) => bytes.toString('base64url');
type Creation = Parameters<ReturnType<typeof newPasskey>['create']>[0];

/** CBOR that nests this deep: lists of one, or maps of one. */
const nested = (depth: number, head = [0x81]) =>
  Buffer.concat([Buffer.from(Array.from({ length: depth }, () => head).flat()), Buffer.from([0])]);

const JUNK: [string, Buffer][] = [
  ['nothing', Buffer.alloc(1)],
  ['random bytes', randomBytes(4000)],
  ['deep lists', nested(4400)],
  ['deep maps', nested(2200, [0xa1, 0x00])],
  ['deep tags', nested(4400, [0xc1])],
  ['a list of 2^32', Buffer.from([0x9a, 0xff, 0xff, 0xff, 0xff])],
  ['a list of 2^64', Buffer.concat([Buffer.from([0x9b]), Buffer.alloc(8, 0xff)])],
  ['a text of 2^32', Buffer.from([0x7a, 0xff, 0xff, 0xff, 0xff])],
  ['a text of 2^64', Buffer.concat([Buffer.from([0x5b]), Buffer.alloc(8, 0xff)])],
  ['an endless list', Buffer.from([0x9f, 0x01])],
  ['many keys', Buffer.concat([Buffer.from([0xb9, 0x08, 0x00]), Buffer.alloc(4090, 0x01)])],
];

describe('junk', () => {
  let app: PasskeyApp;

  beforeAll(() => {
    app = passkeyApp();
  });

  afterAll(() => app.auth.close());

  /** The answer, and whether this process needed 50 ms at most: other work on the machine isn't what is measured. */
  async function quickest(prepare: () => Promise<() => PromiseLike<{ status: number; body: unknown }>>) {
    for (let round = 0; ; round += 1) {
      const send = await prepare();
      const before = process.cpuUsage();
      const { status, body } = await send();
      const { user, system } = process.cpuUsage(before);
      const isQuick = user + system <= 50_000;
      if (isQuick || round === 4) return { status, body, isQuick };
    }
  }

  test.each(JUNK)('%s as attestation is refused within 50 ms', async (_what, cbor) => {
    const { browser } = await app.enrolled(`reg-${b64(randomBytes(6))}`);
    const passkey = newPasskey();
    const header = Buffer.from(
      passkey.create((await browser.post('/auth/passkeys/options')).body as Creation).response[
        'attestationObject'
      ] as string,
      'base64url',
    );
    for (const attestationObject of [
      b64(cbor),
      attestation(cbor),
      // As the public key behind a proper head.
      attestation(Buffer.concat([header.subarray(30, 30 + 37 + 16 + 2 + 16), cbor])),
    ]) {
      const answer = await quickest(async () => {
        const credential = passkey.create((await browser.post('/auth/passkeys/options')).body as Creation);
        credential.response['attestationObject'] = attestationObject;
        return () => browser.post('/auth/passkeys').send({ credential });
      });
      expect(answer).toEqual({ status: 401, body: INVALID, isQuick: true });
    }
  });

  test.each(JUNK)('%s as extensions of a login is refused within 50 ms', async (_what, cbor) => {
    const { passkey } = await app.enrolled(`log-${b64(randomBytes(6))}`);
    const answer = await quickest(async () => {
      const browser = app.browser();
      const credential = passkey.get(await app.ask(browser), { flags: 0x85 });
      const { authenticatorData } = credential.response;
      credential.response['authenticatorData'] = b64(
        Buffer.concat([Buffer.from(authenticatorData as string, 'base64url'), cbor]),
      );
      return () => browser.post('/auth/login/passkey').send({ credential });
    });
    expect(answer).toEqual({ status: 401, body: INVALID, isQuick: true });
  });

  test('client data of any kind is refused', async () => {
    const { browser, passkey } = await app.enrolled('client-data');
    const { challenge } = await app.ask(browser);
    for (const text of [
      '',
      'x',
      'null',
      '5',
      '[]',
      '"x"',
      '{}',
      '['.repeat(9000),
      `{"challenge":${'[1]'}}`,
      '{"challenge":"=="}',
      '\u0000',
    ]) {
      const credential = passkey.credential({ clientDataJSON: b64(Buffer.from(text)) });
      const answer = await browser.post('/auth/login/passkey').send({ credential });
      expect([text, [400, 401].includes(answer.status)]).toEqual([text, true]);
    }
    expect(challenge).toBeDefined();
  });

  test('whatever stands in a member, the answer is no error of the server', async () => {
    const { browser, passkey } = await app.enrolled('members');
    const member = fc.oneof(
      fc.constantFrom('id', 'rawId', 'type', 'response'),
      fc.constantFrom(
        'clientDataJSON',
        'attestationObject',
        'authenticatorData',
        'signature',
        'userHandle',
        'transports',
      ),
    );
    const junk = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('', 'AA', 'A'.repeat(9000), '\u0000', '\ud800', '__proto__', 'none'),
    );
    const damaged = (credential: CredentialJson, name: string, value: unknown) => {
      const isInside = !['id', 'rawId', 'type', 'response'].includes(name);
      return isInside
        ? { ...credential, response: { ...credential.response, [name]: value } }
        : { ...credential, [name]: value };
    };
    await fc.assert(
      fc.asyncProperty(member, junk, async (name, value) => {
        const creation = (await browser.post('/auth/passkeys/options')).body as Creation;
        const made = damaged(newPasskey().create(creation), name, value);
        const registered = await browser.post('/auth/passkeys').send({ credential: made });
        // A user may have ten.
        if (registered.status === 201) await browser.delete(`/auth/passkeys/${made.id}`);
        // What a login has only is not looked at here, and neither is what the browser says of transports.
        const isIgnored = ['authenticatorData', 'signature', 'userHandle', 'transports'].includes(name);
        expect(isIgnored ? [201, 400] : [400, 401]).toContain(registered.status);
        const next = app.browser();
        const login = damaged(passkey.get(await app.ask(next)), name, value);
        const answer = await next.post('/auth/login/passkey').send({ credential: login });
        expect(['attestationObject', 'transports'].includes(name) ? [200, 400] : [400, 401]).toContain(
          answer.status,
        );
      }),
      { numRuns: 60 },
    );
  });
});
