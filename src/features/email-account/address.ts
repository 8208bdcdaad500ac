import { domainToASCII } from 'node:url';

/** Longer addresses can't be delivered (RFC 5321 §4.5.3.1). */
const MAX_LOCAL_PART_BYTES = 64;
/** Letters of every script, without the characters with which mail headers separate, quote and comment (RFC 5322 §3.2.3). */
const LOCAL_PART = /^[^\s@"(),:;<>[\]\\]+$/u;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** What `domainToASCII` would decode, or take for the end of a domain, as in a URL. */
const NO_PART_OF_DOMAIN = /[^\P{ASCII}a-z0-9.-]/iu;
/** It would also take numbers for an IP address. */
const IP_ADDRESS = /(?:^|\.)\d+$/;

/**
 * An e-mail address as it is stored and compared: its domain in the ASCII form, so `bücher.example` and `xn--bcher-kva.example`
 * are the same. The part before the `@` stays as it is, because only its mail server knows which spellings are the same.
 * @returns undefined for a text that is no address
 */
export function readAddress(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const localPart = text.slice(0, Math.max(at, 0));
  if (!LOCAL_PART.test(localPart) || /^\.|\.\.|\.$/.test(localPart)) return undefined;
  if (Buffer.byteLength(localPart) > MAX_LOCAL_PART_BYTES) return undefined;
  const typed = text.slice(at + 1);
  if (NO_PART_OF_DOMAIN.test(typed)) return undefined;
  const domain = domainToASCII(typed);
  return DOMAIN.test(domain) && !IP_ADDRESS.test(domain) ? `${localPart}@${domain}` : undefined;
}

/** Whether a username is an address. Users from before this feature may have other names, and get no mails. */
export const isAddress = (username: string): boolean => readAddress(username) !== undefined;
