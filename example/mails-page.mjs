// /mails: what the app would have mailed. Its links log people in, so only a browser on this machine may read them.
import express from 'express';
import { isLoopback } from './loopback.mjs';

/** @typedef {import('passport-visa').Mail & { id: number, sentAt: Date }} KeptMail */

const MAX_MAILS = 100;

/** The page loads one style sheet, and shows mails in frames. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A mail runs no script and loads nothing. Its links open in place of the whole page. */
const MAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation";

export function mailsPage() {
  /** The newest first. @type {KeptMail[]} */
  const mails = [];
  let lastId = 0;

  /** @param {import('passport-visa').Mail} mail */
  function add(mail) {
    mails.unshift({ ...mail, id: ++lastId, sentAt: new Date() });
    mails.length = Math.min(mails.length, MAX_MAILS);
  }

  const router = express.Router();
  router.use((req, res, next) => {
    if (!isLoopback(req)) return next('router'); // as if there were no such page
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/', (_req, res) => {
    const sendJson = () => res.json(mails.map(({ html: _html, text: _text, ...mail }) => mail));
    const sendHtml = () => res.set('Content-Security-Policy', PAGE_POLICY).send(page(mails));
    res.format({ json: sendJson, html: sendHtml, default: sendJson });
  });
  router.get('/:id', (req, res, next) => {
    const mail = mails.find(({ id }) => String(id) === req.params.id);
    if (!mail) return next();
    // `<base>`, because the links of a mail name no target, and would open inside the frame.
    const html = mail.html.replace('<head>', '<head><base target="_top">');
    res.removeHeader('Origin-Agent-Cluster'); // a sandboxed page has an origin of its own, and browsers would warn
    res.set('Content-Security-Policy', MAIL_POLICY).type('html').send(html);
  });
  return { add, router };
}

/** @param {KeptMail[]} mails */
function page(mails) {
  const list = mails.map(item).join('');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Mails · passport-visa</title>
    <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
    <link rel="stylesheet" href="/css/base.css" />
    <link rel="stylesheet" href="/css/mails.css" />
  </head>
  <body>
    <main>
      <h1>Mails</h1>
      <p class="lead">No mail server is configured, so the app shows here what it would send. Only this machine can open this page. The newest is first.</p>
      ${mails.length > 0 ? `<ol class="mails" reversed>${list}</ol>` : '<p>There are no mails yet. Reload the page after you have asked for one.</p>'}
      <p><a href="/">Back to the app</a></p>
    </main>
  </body>
</html>
`;
}

/** @param {KeptMail} mail */
function item({ id, kind, to, subject, sentAt, locale }) {
  const time = `<time datetime="${sentAt.toISOString()}">${sentAt.toISOString().slice(11, 19)} UTC</time>`;
  return `<li>
        <h2 lang="${escape(locale)}">${escape(subject)}</h2>
        <p class="hint">to ${escape(to)} · ${kind} · ${time}</p>
        <iframe src="/mails/${id}" title="Mail: ${escape(subject)}" sandbox="allow-top-navigation-by-user-activation" loading="lazy"></iframe>
      </li>`;
}

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text */
function escape(text) {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
