import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express } from 'express';
import request from 'supertest';
import type { JwkSet } from '../../../src/verifier';
import { createVerifier, type Verifier, type VerifierOptions } from '../../../src/verifier';
import { createTestApp, type TestApp, type TestOptions } from './app';

export const ISSUER = 'https://login.example.com';
export const AUDIENCE = 'https://api.example.com';

/** An app that publishes its keys. Default: a new Ed25519 key. */
export function createLoginService({ accessToken, ...options }: TestOptions = {}): TestApp {
  const key = { algorithm: 'EdDSA' as const, secret: generateKeyPairSync('ed25519') };
  return createTestApp({
    jwks: true,
    ...options,
    accessToken: { ...key, issuer: ISSUER, audience: AUDIENCE, ...accessToken },
  });
}

export async function jwksOf(login: TestApp): Promise<JwkSet> {
  return (await login.client().get('/auth/jwks.json')).body as JwkSet;
}

export interface Service {
  readonly verifier: Verifier;
  /** GET a path with this token in the header. */
  get(path: string, token?: string): request.Test;
  client(): ReturnType<typeof request>;
}

/** A service with a guarded /profile. All verifiers end with the tests of the file. */
export function useServices(): (
  options: Partial<VerifierOptions> & Pick<VerifierOptions, 'jwks'>,
  mount?: (app: Express, verifier: Verifier) => void,
) => Service {
  const verifiers: Verifier[] = [];
  const unforeseen: unknown[] = [];
  afterAll(async () => {
    for (const verifier of verifiers) await verifier.close();
    expect(unforeseen).toEqual([]);
  });
  return (options, mount) => {
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...options });
    verifiers.push(verifier);
    const app = express();
    app.get('/profile', verifier.tokenVerify, (req, res) => void res.json(req.user));
    mount?.(app, verifier);
    app.use(((error: unknown, _req, res, _next) => {
      unforeseen.push(error);
      res.status(500).json({ code: 'APP_ERROR' });
    }) satisfies ErrorRequestHandler);
    const client = () => request(app);
    const get: Service['get'] = (path, token) =>
      token === undefined ? client().get(path) : client().get(path).auth(token, { type: 'bearer' });
    return { verifier, client, get };
  };
}

export interface KeyServer {
  /** Where it serves /jwks.json. */
  readonly url: string;
  /** How many requests came. */
  asked: number;
  /** Answers them. */
  answer: RequestListener;
  close(): Promise<void>;
}

/** A server of keys whose answers a test chooses. */
export async function startKeyServer(answer: RequestListener): Promise<KeyServer> {
  const server: Server = createServer((req, res) => {
    keyServer.asked += 1;
    keyServer.answer(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const keyServer: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth/jwks.json`,
    asked: 0,
    answer,
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return keyServer;
}

export const answerWith =
  (body: unknown): RequestListener =>
  (_req, res) =>
    void res.end(typeof body === 'string' ? body : JSON.stringify(body));
