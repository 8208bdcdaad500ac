const ASYMMETRIC_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const),
  'EdDSA' as const,
];

export type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512';
export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];
/**
 * The signature algorithm of access tokens: HS, RS, PS or ES with 256, 384 or 512, such as `'ES256'` (RFC 7518 §3.1), or `'EdDSA'`
 * with Ed25519 (RFC 8037).
 */
export type Algorithm = HmacAlgorithm | AsymmetricAlgorithm;

export function isAsymmetric(algorithm: unknown): algorithm is AsymmetricAlgorithm {
  return (ASYMMETRIC_ALGORITHMS as readonly unknown[]).includes(algorithm);
}

/** RFC 8032 §5.1.6 */
export const ED25519_SIGNATURE_BYTES = 64;
