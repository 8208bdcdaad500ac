// Writes every mail of `emailAccount` in both languages, as HTML and as text, to look at: npm run mails -- FOLDER
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createMailTexts } from '../dist/features/email-account/mails/mail-texts.js';
import { renderMail } from '../dist/features/email-account/mails/render.js';
import { en } from '../dist/features/email-account/mails/texts-en.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Name the folder for the files: npm run mails -- FOLDER');
  process.exit(2);
}

const HOUR = 3600;
const LIFETIMES = {
  verify: 24 * HOUR,
  reset: HOUR / 4,
  'email-change': HOUR,
  'email-changed': 7 * 24 * HOUR,
};
const PAGES = { verify: 'verify-email', reset: 'reset-password', 'email-change': 'confirm-email' };
const rendering = { appName: 'app.example.com', texts: createMailTexts() };

/** @param {string} kind @returns {any} what a flow would know */
function contentOf(kind) {
  const lifetimeSeconds = LIFETIMES[/** @type {keyof typeof LIFETIMES} */ (kind)] ?? HOUR / 6;
  const page =
    PAGES[/** @type {keyof typeof PAGES} */ (kind)] ?? (kind === 'email-changed' ? 'undo-email' : kind);
  const url = `https://app.example.com/${page}#token=T0kenT0kenT0kenT0kenT0kenT0kenT0`;
  const hasLink = en[/** @type {keyof typeof en} */ (kind)].button !== undefined;
  return {
    ...{
      kind,
      to: 'ann@example.com',
      expiresAt: new Date(Date.now() + lifetimeSeconds * 1000),
      lifetimeSeconds,
    },
    ...(hasLink && { url }),
    ...(kind === 'login-code' && { code: '482915' }),
  };
}

mkdirSync(folder, { recursive: true });
for (const kind of Object.keys(en)) {
  for (const locale of ['en', 'ko']) {
    const mail = renderMail(contentOf(kind), locale, rendering);
    const file = path.join(folder, `${kind}.${locale}`);
    writeFileSync(`${file}.html`, mail.html);
    writeFileSync(`${file}.txt`, `To: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.text}`);
  }
}
console.log(`${folder} has ${Object.keys(en).length * 2} mails`);
