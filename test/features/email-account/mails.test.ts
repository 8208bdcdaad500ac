import { z } from 'zod';
import type { MailKind } from '../../../src';
import { isOneAddress } from '../../../src/features/email-account/mails/address';
import type { Mail, MailContent } from '../../../src/features/email-account/mails/mail';
import {
  appNameSchema,
  createMailTexts,
  mailTextsSchema,
  type MailTextsOption,
} from '../../../src/features/email-account/mails/mail-texts';
import { lifetimeInWords } from '../../../src/features/email-account/mails/lifetime-words';
import { renderMail } from '../../../src/features/email-account/mails/render';
import { en } from '../../../src/features/email-account/mails/texts-en';
import { ko } from '../../../src/features/email-account/mails/texts-ko';
import { parseCall } from '../../../src/utils/parse-call';

const KINDS = Object.keys(en) as MailKind[];
const WITH_LINK: MailKind[] = ['verify', 'reset', 'email-change', 'email-changed', 'login-link'];
const TO = 'ann@example.com';
const URL = 'https://app.example.com/page?a=1&b=2#token=c2VjcmV0LXRva2Vu';
const CODE = '048213';
const expiresAt = new Date('2026-11-29T12:15:00Z');

function contentOf(kind: MailKind): MailContent {
  const expiry = { expiresAt, lifetimeSeconds: 900 };
  const secret = WITH_LINK.includes(kind)
    ? { url: URL, ...expiry }
    : kind === 'login-code' && { code: CODE, ...expiry };
  return { kind, to: TO, userId: 'user-1', ...secret } as MailContent;
}

function render(kind: MailKind, locale: string, texts: MailTextsOption = {}, appName = 'Shop'): Mail {
  return renderMail(contentOf(kind), locale, { appName, texts: createMailTexts(texts) });
}

const optionsSchema = z.strictObject({
  appName: appNameSchema.optional(),
  texts: mailTextsSchema.optional(),
});
const parse = (options: unknown) => parseCall('emailAccount()', optionsSchema, options);

/** What a reader sees of an HTML page. */
const visible = (html: string) =>
  html
    .replace(/^[\s\S]*<body[^>]*>/, '')
    .replace(/<[^>]+>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');

const everyMail = KINDS.flatMap((kind) => ['en', 'ko'].map((locale) => [kind, locale] as const));

describe.each(everyMail)('%s in %s', (kind, locale) => {
  const mail = render(kind, locale);
  const hasSecret = WITH_LINK.includes(kind) || kind === 'login-code';

  test('the mail has the members of its kind and no others', () => {
    const { subject, text, html, ...rest } = mail;
    expect([subject, text, html].every((each) => each.length > 0)).toBe(true);
    expect(rest).toEqual({
      ...{ kind, to: TO, locale, userId: 'user-1' },
      ...(WITH_LINK.includes(kind) && { url: URL }),
      ...(kind === 'login-code' && { code: CODE }),
      ...(hasSecret && { expiresAt }),
    });
    expect(Object.isFrozen(mail)).toBe(true);
  });

  test('the text and the page say the same, with nothing left open', () => {
    const { lines, ifNotYou, subject } = (locale === 'en' ? en : ko)[kind];
    for (const each of [...lines, ifNotYou]) {
      const filled = each
        .replaceAll('{appName}', 'Shop')
        .replaceAll('{lifetime}', locale === 'en' ? '15 minutes' : '15분');
      expect(mail.text).toContain(filled);
      expect(visible(mail.html)).toContain(filled);
    }
    expect(mail.subject).toBe(subject.replaceAll('{appName}', 'Shop'));
    expect(`${mail.subject} ${mail.text} ${mail.html.replace(/<style>[\s\S]*<\/style>/, '')}`).not.toMatch(
      /undefined|null|NaN|\[object|[{}]/,
    );
  });

  test('the mail says how long a link or a code works, and shows it in both forms', () => {
    expect(/15 minutes|15분/.test(mail.text)).toBe(hasSecret);
    expect(mail.text.split('\n').includes(URL)).toBe(WITH_LINK.includes(kind));
    expect(mail.text.split('\n').includes(CODE)).toBe(kind === 'login-code');
    expect(visible(mail.html).includes(CODE)).toBe(kind === 'login-code');
    expect(mail.subject).not.toContain(CODE);
  });

  test('the page names its language and loads nothing: its only address is the link, once to click and once to read', () => {
    const escapedUrl = URL.replaceAll('&', '&amp;');
    const links = WITH_LINK.includes(kind) ? 1 : 0;
    expect(mail.html).toContain(`<html lang="${locale}">`);
    expect(mail.html.split(`href="${escapedUrl}"`)).toHaveLength(1 + links);
    expect(mail.html.split(`>${escapedUrl}<`)).toHaveLength(1 + links);
    expect(mail.html.match(/https?:/g) ?? []).toHaveLength(2 * links);
    expect(mail.html).not.toMatch(/<(img|script|link|iframe|form|base)\b|\ssrc=|url\(|@import/i);
  });

  test('both languages fill in the same placeholders', () => {
    const names = (texts: typeof en) => [...new Set(JSON.stringify(texts[kind]).match(/\{\w+\}/g))];
    expect(names(ko).sort()).toEqual(names(en).sort());
  });
});

test('every subject is another, so mails of different kinds are told apart in a mailbox', () => {
  for (const locale of ['en', 'ko'])
    expect(new Set(KINDS.map((kind) => render(kind, locale).subject)).size).toBe(KINDS.length);
});

test('the mail about a changed address asks for the undo before its link', () => {
  const { text } = render('email-changed', 'en');
  expect(text.indexOf('undo the change within 15 minutes')).toBeLessThan(text.indexOf(URL));
});

describe('hostile text', () => {
  const hostile = `</title><script>alert(1)</script>"' onload='x' {lifetime} &amp; $& \${x}`;

  test.each(KINDS)('a hostile name of the app puts no element and no attribute into %s', (kind) => {
    const tagsOf = (html: string) => html.match(/<[a-z!/][^>]*>/gi);
    const { html, text, subject } = render(kind, 'en', {}, hostile);
    expect(tagsOf(html)).toEqual(tagsOf(render(kind, 'en').html));
    expect(visible(html)).toContain(hostile);
    expect(`${subject}${text}`).toContain(hostile);
  });

  test('a hostile link and a hostile code are escaped', () => {
    const texts = createMailTexts();
    const expiry = { expiresAt, lifetimeSeconds: 60 };
    const attack = '"><img src=x>';
    const link = renderMail({ kind: 'reset', to: TO, url: attack, ...expiry }, 'en', {
      appName: 'Shop',
      texts,
    });
    const code = renderMail({ kind: 'login-code', to: TO, code: attack, ...expiry }, 'en', {
      ...{ appName: 'Shop', texts },
    });
    expect(link.html + code.html).not.toContain('<img');
    expect(link.html).toContain('href="&quot;&gt;&lt;img src=x&gt;"');
  });

  test('a mailbox gets its address only if that is one bare address', () => {
    const good = ['ann@example.com', "o'neil+a.b@xn--bcher-kva.example", '안녕@예시.한국'];
    const bad = [
      ...['', 'ann', 'ann@', '@example.com', 'a@b@c', 'ann@example.com ', 'ann @example.com'],
      ...[
        'a@x.com,b@x.com',
        'a@x.com;b@x.com',
        'a@x.com b@x.com',
        'Ann <a@x.com>',
        'g:a@x.com;',
        '"a,b"@x.com',
      ],
      ...[
        'a@x.com\r\nBcc: b@x.com',
        'a@x.com\n',
        'a\0@x.com',
        'a\u2028@x.com',
        'a\u202e@x.com',
        '-oQ/tmp@x.com',
      ],
      ...['a@x.com(b)', 'a\\@x.com', '\ud800@x.com'],
    ];
    expect(good.filter((each) => !isOneAddress(each))).toEqual([]);
    expect(bad.filter((each) => isOneAddress(each))).toEqual([]);
  });
});

test.each([
  [1, '1 second', '1초'],
  [60, '1 minute', '1분'],
  [90, '90 seconds', '90초'],
  [900, '15 minutes', '15분'],
  [3600, '1 hour', '1시간'],
  [5400, '90 minutes', '90분'],
  [86_400, '24 hours', '24시간'],
  [90_061, '25 hours', '25시간'],
  [604_800, '7 days', '7일'],
  [604_801, '7 days', '7일'],
])('%i s are "%s" and "%s" in words', (seconds, english, korean) => {
  expect([lifetimeInWords(seconds, 'en'), lifetimeInWords(seconds, 'ko')]).toEqual([english, korean]);
});

describe('texts of an app', () => {
  const german = {
    subject: 'Neues Passwort für {appName}',
    lines: ['Der Link gilt {lifetime}.'],
    button: 'Passwort wählen',
    ifNotYou: 'Sonst ignorieren Sie diese Mail.',
  };

  test('replace single members and keep the others', () => {
    const mail = render('reset', 'ko', {
      ko: { reset: { subject: '비밀번호 {appName}', button: undefined } },
    });
    expect(mail.subject).toBe('비밀번호 Shop');
    expect(mail.html).toContain(ko.reset.button);
    expect(render('verify', 'ko', { ko: { reset: { subject: 'x' } } })).toEqual(render('verify', 'ko'));
  });

  test('bring a further language, whose regions share it, and numbers are written as it does', () => {
    const { texts } = parse({
      texts: { de: { reset: german }, 'de-AT': { reset: { button: 'Passwort ändern' } } },
    });
    expect(render('reset', 'de', texts)).toMatchObject({ locale: 'de', subject: 'Neues Passwort für Shop' });
    expect(render('reset', 'de', texts).text).toContain('Der Link gilt 15 Minuten.');
    const austrian = render('reset', 'de-AT', texts);
    expect(austrian.locale).toBe('de-AT');
    expect(austrian.html).toContain('<html lang="de-AT">');
    expect(austrian.html).toContain('Passwort ändern');
  });

  test('a language without texts for a mail gets the whole mail in English, as the app has it', () => {
    const texts = { de: { reset: german }, en: { verify: { subject: 'Hello' } } };
    expect(render('verify', 'de', texts)).toEqual(render('verify', 'en', texts));
    expect(render('verify', 'de', texts)).toMatchObject({ locale: 'en', subject: 'Hello' });
    expect(render('verify', 'fr')).toEqual(render('verify', 'en'));
  });

  test('a region of a built-in language gets that language', () => {
    expect(render('reset', 'ko-KR').subject).toBe(render('reset', 'ko').subject);
  });

  test.each<[problem: string, options: object, message: string]>([
    [
      'an unknown kind',
      { texts: { en: { resett: {} } } },
      'Unknown option texts.en.resett: known are verify, ',
    ],
    ['an unknown kind', { texts: { en: { resett: {} } } }, '(did you mean reset?)'],
    [
      'an unknown member',
      { texts: { ko: { reset: { subjekt: 'x' } } } },
      'Unknown option texts.ko.reset.subjekt: known are subject, lines, button, ifNotYou (did you mean subject?)',
    ],
    [
      'a button without a link',
      { texts: { en: { 'password-changed': { button: 'x' } } } },
      'Unknown option texts.en.password-changed.button',
    ],
    [
      'an empty text',
      { texts: { en: { reset: { subject: '' } } } },
      'texts.en.reset.subject must not be empty',
    ],
    ['no line', { texts: { en: { reset: { lines: [] } } } }, 'texts.en.reset.lines must not be empty'],
    [
      'a line of another type',
      { texts: { en: { reset: { lines: ['x', 1] } } } },
      'texts.en.reset.lines.1 must be a text, not a number',
    ],
    [
      'one text for lines',
      { texts: { en: { reset: { lines: 'x' } } } },
      'texts.en.reset.lines must be a list',
    ],
    [
      'a line break',
      { texts: { en: { reset: { subject: 'x\r\nBcc: eve@example.com' } } } },
      'texts.en.reset.subject must not contain control characters',
    ],
    [
      'an unknown placeholder',
      { texts: { en: { reset: { subject: '{name}' } } } },
      'texts.en.reset.subject has a placeholder that nothing is filled into: known are {appName}, {lifetime}',
    ],
    [
      'a lifetime where nothing expires',
      { texts: { en: { 'password-changed': { subject: '{lifetime}' } } } },
      'known are {appName}',
    ],
    [
      'half a mail in a new language',
      { texts: { de: { reset: { subject: 'x' } } } },
      "texts.de.reset.lines is missing: a language that isn't built in needs all texts of a mail",
    ],
    ['no language tag', { texts: { de_DE: {} } }, "texts.de_DE must be named by a language tag such as 'de'"],
    ['another spelling', { texts: { EN: {} } }, "texts.EN must be named by a language tag such as 'de'"],
    ['texts of no object', { texts: 'x' }, 'texts must be an object, not a text'],
    ['a name of another type', { appName: 1 }, 'appName must be a text, not a number'],
    ['an empty name', { appName: ' ' }, 'appName must not be empty'],
    ['a name with a line break', { appName: 'a\nb' }, 'appName must not contain control characters'],
    ['a name that turns text round', { appName: 'a\u202eb' }, 'appName must not contain control characters'],
    ['a long name', { appName: 'x'.repeat(101) }, 'appName must be at most 100 characters long'],
  ])('%s is a TypeError that names the option', (_problem, options, message) => {
    expect(() => parse(options)).toThrow(TypeError);
    expect(() => parse(options)).toThrow(message);
  });

  test('an undefined text is the same as none', () => {
    const { texts } = parse({ texts: { de: { reset: undefined }, fr: undefined } });
    expect(render('reset', 'de', texts)).toEqual(render('reset', 'en'));
  });

  test('the built-in texts pass as an option', () => {
    expect(parse({ appName: 'x'.repeat(100), texts: { en, ko, de: en } }).texts).toEqual({ en, ko, de: en });
  });
});
