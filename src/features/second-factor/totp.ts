import { createHmac, randomBytes } from 'node:crypto';
import { equalInConstantTime } from '../../utils/equal-in-constant-time.js';

/** How an authenticator app makes its codes. It keeps the rules of its enrolment, so each factor has its own. */
export interface TotpRules {
  readonly digits: number;
  readonly periodSeconds: number;
}

/** RFC 4226 §4, R6: 160 bits. */
const SECRET_BYTES = 20;

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The code of a time step (RFC 4226 §5.3). */
export function totpCode(secret: Buffer, step: number, digits: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const truncated = mac.readUInt32BE((mac.at(-1) as number) & 0xf) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

/**
 * The time steps around now whose code this is, the earliest first.
 * @param window how many steps before and after the current one count
 * @param now milliseconds since 1970
 */
export function stepsOf(
  code: string,
  secret: Buffer,
  { digits, periodSeconds }: TotpRules,
  window: number,
  now: number,
): number[] {
  const current = Math.floor(now / (periodSeconds * 1000));
  const steps = Array.from({ length: 2 * window + 1 }, (_, index) => current - window + index);
  // All of them are compared: the time of an answer doesn't tell which step it was.
  return steps.filter((step) => equalInConstantTime(code, totpCode(secret, step, digits)));
}

/** What authenticator apps read, as a link or a QR code. */
export function otpauthUri(
  secret: string,
  { digits, periodSeconds }: TotpRules,
  { issuer, account }: { readonly issuer: string; readonly account: string },
): string {
  const [by, of] = [issuer, account].map(encodeURIComponent);
  return `otpauth://totp/${by}:${of}?secret=${secret}&issuer=${by}&algorithm=SHA1&digits=${digits}&period=${periodSeconds}`;
}
