import type { TextSealer } from '../../tokens/sealed-text.js';

/**
 * As long as a secret of `newSecret`, but it follows from a token: the same request, sent again, gets the same secret. Only a process
 * that has the refresh secret can make it.
 * @param purpose keeps apart what is made from one token
 */
export function repeatableSecret(sealer: TextSealer, purpose: string, token: string): string {
  // A signature has half the length.
  return [1, 2].map((part) => sealer.sign(`${purpose}:${part}:${token}`)).join('');
}
