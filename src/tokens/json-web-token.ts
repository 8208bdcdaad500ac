import type jsonwebtoken from 'jsonwebtoken';
import type { Algorithm } from './algorithms.js';

/** The algorithms that jsonwebtoken has. */
export type JsonWebTokenAlgorithm = Exclude<Algorithm, 'EdDSA'>;

/** Loaded at its first use: it takes half as long as everything else that a verifier loads, which may never need it. */
export function jsonWebToken(): typeof jsonwebtoken {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('jsonwebtoken') as typeof jsonwebtoken;
}
