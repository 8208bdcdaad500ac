// The page for browsers: the files in public/, the client of passport-visa, and the headers that protect both.
import express from 'express';
import helmet from 'helmet';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PUBLIC = fileURLToPath(new URL('public', import.meta.url));
const CLIENT = dirname(fileURLToPath(import.meta.resolve('passport-visa/client')));
const LEAN_QR = fileURLToPath(import.meta.resolve('lean-qr'));

/** Scripts, styles and pictures from this server only. No inline code, no framing, and no forms that submit elsewhere. */
export function securityHeaders() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
}

/** The page's files, the client, and what draws QR codes. Not the page itself: `/` serves the page to browsers and JSON to other clients. */
export function pageFiles() {
  return express
    .Router()
    .use('/client', express.static(CLIENT, { index: false }))
    .get('/lean-qr.mjs', (_req, res) => res.sendFile(LEAN_QR))
    .use(express.static(PUBLIC, { index: false, redirect: false }));
}

/** The pages of links in mails. The page takes the token from the fragment, which no server gets. */
export function linkPages() {
  const paths = ['/verify-email', '/reset-password', '/confirm-email', '/undo-email', '/login-link'];
  return express.Router().get(paths, (_req, res) => sendPage(res));
}

/** @param {import('express').Response} res */
export function sendPage(res) {
  res.sendFile('index.html', { root: PUBLIC });
}
