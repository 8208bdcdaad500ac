import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { smallerTwin } from '../../src/tokens/ecdsa';

test.each([
  ['ES256', 'P-256', 'sha256'],
  ['ES384', 'P-384', 'sha384'],
  ['ES512', 'P-521', 'sha512'],
] as const)('%s: both twins verify, and both have the same smaller twin', (algorithm, namedCurve, hash) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const dsaEncoding = 'ieee-p1363';
  const seen = new Set<boolean>();
  for (let n = 0; n < 64; n += 1) {
    const signature = sign(hash, Buffer.from(`text ${n}`), { key: privateKey, dsaEncoding });
    const smaller = smallerTwin(algorithm, signature);
    expect(verify(hash, Buffer.from(`text ${n}`), { key: publicKey, dsaEncoding }, smaller)).toBe(true);
    expect([smaller.length, smallerTwin(algorithm, smaller)]).toEqual([signature.length, smaller]);
    seen.add(smaller.equals(signature));
  }
  expect(seen.size).toBe(2);
});

test('signatures of other algorithms have no twin', () => {
  const signature = Buffer.alloc(256, 255);
  expect(smallerTwin('RS256', signature)).toBe(signature);
});
