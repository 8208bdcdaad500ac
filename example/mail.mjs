// Sends the mails of accounts: through SMTP_URL if it is set, otherwise to a page of this app, /mails, for development.
import { mailsPage } from './mails-page.mjs';

/**
 * @typedef {object} Mailing
 * @property {import('passport-visa').SendMail} send
 * @property {string} description
 * @property {import('express').RequestHandler | undefined} page shows the mails; undefined where they are really sent
 */

/**
 * @param {Pick<import('./settings.mjs').Settings, 'smtpUrl' | 'mailFrom' | 'production'>} settings
 * @returns {Promise<Mailing>}
 * @throws Error that says what is missing
 */
export async function openMailing({ smtpUrl, mailFrom, production }) {
  if (smtpUrl) {
    const { createTransport } = await importNodemailer();
    const transport = createTransport(smtpUrl);
    return {
      // Only these: a mail has more members, such as the token's link.
      send: ({ to, subject, text, html }) => transport.sendMail({ from: mailFrom, to, subject, text, html }),
      description: 'mails through SMTP_URL',
      page: undefined,
    };
  }
  if (production)
    throw new Error('SMTP_URL is missing: in production mails need a server, such as smtps://user:pass@host');
  const { add, router } = mailsPage();
  return { send: add, description: 'mails on /mails', page: router };
}

async function importNodemailer() {
  try {
    return await import('nodemailer');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('SMTP_URL needs nodemailer, which is not installed: run `npm install nodemailer`', {
      cause: error,
    });
  }
}
