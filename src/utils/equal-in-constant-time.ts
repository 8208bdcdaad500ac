import { timingSafeEqual } from 'node:crypto';

/**
 * Whether two texts are equal. The time that this takes doesn't tell where they differ. It compares the texts and not the bytes
 * that they encode, because several base64url texts decode to the same bytes, and only one of them may be accepted.
 */
export function equalInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
