// The page in a browser: the files of public/, the client of passport-visa, and the headers that keep both safe.
import express from 'express';
import helmet from 'helmet';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PUBLIC = fileURLToPath(new URL('public', import.meta.url));
const CLIENT = dirname(fileURLToPath(import.meta.resolve('passport-visa/client')));

/** Scripts, styles and pictures of this server alone; nothing inline, no frame around it, no form that leads elsewhere. */
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

/** Everything but the page itself, which shares `/` with the answer for programs. */
export function pageFiles() {
  return express
    .Router()
    .use('/client', express.static(CLIENT, { index: false }))
    .use(express.static(PUBLIC, { index: false, redirect: false }));
}

/** @param {import('express').Response} res */
export function sendPage(res) {
  res.sendFile('index.html', { root: PUBLIC });
}
