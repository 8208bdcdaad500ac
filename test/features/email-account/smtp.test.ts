import type { AddressInfo } from 'node:net';
import { createTransport } from 'nodemailer';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { AuthEvents } from '../../../src/events/auth-events';
import type { AuthEvent } from '../../../src';
import { createMailTexts } from '../../../src/features/email-account/mails/mail-texts';
import { Mailer } from '../../../src/features/email-account/mails/mailer';
import type { Mail } from '../../../src/features/email-account/mails/mail';
import { renderMail } from '../../../src/features/email-account/mails/render';

interface Delivery {
  recipients: string[];
  raw: string;
  email: Email;
}

const deliveries: Delivery[] = [];
/** How many of the next mails the server refuses, as a full mailbox or greylisting does. */
let refusing = 0;

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData(stream, session, callback) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (refusing-- > 0) {
        callback(Object.assign(new Error('Try again later'), { responseCode: 451 }));
        return;
      }
      const raw = Buffer.concat(chunks).toString('latin1');
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      void PostalMime.parse(Buffer.concat(chunks)).then((email) => {
        deliveries.push({ recipients, raw, email });
        callback();
      }, callback);
    });
  },
});

let transport: ReturnType<typeof createTransport>;
const send = (mail: Mail) => transport.sendMail({ from: 'Shop <no-reply@shop.example>', ...mail });

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  transport = createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
});
beforeEach(() => {
  deliveries.length = 0;
  refusing = 0;
});
afterAll(async () => {
  transport.close();
  await new Promise<void>((resolve) => server.close(resolve));
});

const TOKEN = 'c2VjcmV0LXRva2VuLTI0LWJ5dGVzLW9r';
const url = `https://shop.example/reset-password#token=${TOKEN}`;

function resetMail(to: string, locale: string, appName = '가게 & Söhne'): Mail {
  const expiry = { expiresAt: new Date('2026-11-29T12:15:00Z'), lifetimeSeconds: 900 };
  return renderMail({ kind: 'reset', to, url, userId: 'user-1', ...expiry }, locale, {
    ...{ appName, texts: createMailTexts() },
  });
}

/** Posts mails through a mailer. @returns the failures */
async function post(...mails: Mail[]): Promise<AuthEvent<'mailFailed'>[]> {
  const failed: AuthEvent<'mailFailed'>[] = [];
  const events = new AuthEvents();
  events.on('mailFailed', (event) => failed.push(event));
  const times = { tries: [0, 10, 20], oneTry: 10_000, close: 30_000 };
  const mailer = new Mailer({ send, events, times });
  for (const mail of mails) mailer.post(mail, () => mail);
  await mailer.close();
  return failed;
}

test('a Korean mail arrives with subject, text, page and link intact, at one recipient', async () => {
  const mail = resetMail('ann@example.com', 'ko');
  expect(await post(mail)).toEqual([]);
  expect(deliveries).toHaveLength(1);
  const { recipients, email, raw } = deliveries[0] as Delivery;
  expect(recipients).toEqual(['ann@example.com']);
  expect(email.to).toEqual([{ address: 'ann@example.com', name: '' }]);
  expect([email.cc, email.bcc, email.attachments]).toEqual([undefined, undefined, []]);
  expect(email.subject).toBe('[가게 & Söhne] 비밀번호 재설정 안내');
  expect(email.text?.replaceAll('\r\n', '\n').trim()).toBe(mail.text.trim());
  expect(email.html?.replaceAll('\r\n', '\n').trim()).toBe(mail.html.trim());
  expect(email.text).toContain(url);
  // Headers are read by every server on the way and end in logs: none has the link, and none is one of ours.
  const headers = raw.slice(0, raw.indexOf('\r\n\r\n'));
  expect(headers).not.toContain(TOKEN);
  expect(email.headers.map(({ key }) => key).sort()).toEqual([
    ...['content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'],
  ]);
});

test('an address in another script arrives too', async () => {
  expect(await post(resetMail('ann@xn--bcher-kva.example', 'en'))).toEqual([]);
  // The server reads `xn--bcher-kva` as what it stands for.
  expect(deliveries[0]?.recipients).toEqual(['ann@bücher.example']);
});

test('a second recipient or header in an address reaches neither the server nor the event', async () => {
  const failed = await post(
    resetMail('ann@example.com, eve@example.com', 'en'),
    resetMail('ann@example.com\r\nBcc: eve@example.com', 'en'),
    resetMail('Eve <eve@example.com>', 'en'),
  );
  expect(deliveries).toEqual([]);
  expect(failed.map(({ error }) => String(error))).toEqual(
    Array(3).fill('Error: The recipient is not one e-mail address'),
  );
});

test('a server that says "try again later" gets the mail again, once it takes mails', async () => {
  refusing = 2;
  expect(await post(resetMail('ann@example.com', 'en'))).toEqual([]);
  expect(deliveries.map(({ recipients }) => recipients)).toEqual([['ann@example.com']]);
});

test('a server that goes on refusing makes the mail fail, with the code of its answer', async () => {
  refusing = 3;
  const failed = await post(resetMail('ann@example.com', 'en'));
  expect(deliveries).toEqual([]);
  expect(failed).toMatchObject([{ kind: 'reset', userId: 'user-1', error: { responseCode: 451 } }]);
});
