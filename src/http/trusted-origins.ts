import { isPromise } from '../utils/is-promise.js';
import { kindOf } from '../utils/option-words.js';
import type { SiteConfig } from './cross-site.js';

/** The option `trustedOrigins`. */
export type TrustedOrigins = readonly string[] | ((origin: string) => boolean);

/** `*` in place of the first label, before a name that is no top-level domain. */
const WILDCARD = /^([a-z][a-z0-9+.-]*:\/\/)\*((?:\.[a-z0-9_-]+){2,}|\.localhost)((?::\d{1,5})?)$/;
const ANY_SCHEME = /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const URL_SCHEME = /^(?:https?|wss?|ftp):/;

/** What an origin must look like. */
export const ORIGIN_FORM =
  "must be an origin such as 'https://app.example.com' or 'capacitor://localhost', without a path or a slash at its end; " +
  "'*' may only stand for the whole first label, as in 'https://*.example.com'";

/** URL knows the origins of a few schemes only. Browsers send those of apps and extensions as `scheme://host`. */
export function isOrigin(value: string): boolean {
  if (value.includes('*')) return WILDCARD.test(value) && isOrigin(value.replace('*', 'any'));
  if (URL_SCHEME.test(value)) return URL.canParse(value) && new URL(value).origin === value;
  return ANY_SCHEME.test(value);
}

/** `null` is the origin of every sandboxed page, so it is never trusted. */
export function createTrustedOrigins(option: TrustedOrigins): SiteConfig['trustedOrigins'] {
  if (typeof option === 'function') return { has: (name) => name !== 'null' && isTrusted(option(name)) };
  const exact = new Set(option.filter((name) => !name.includes('*')));
  const patterns = option.filter((name) => name.includes('*')).map(patternOf);
  if (patterns.length === 0) return exact;
  return { has: (name) => exact.has(name) || patterns.some((pattern) => pattern.test(name)) };
}

function patternOf(name: string): RegExp {
  const [before = '', after = ''] = name.split('*').map((text) => text.replaceAll(/[.+]/g, '\\$&'));
  return new RegExp(`^${before}[a-z0-9_-]+${after}$`);
}

/** A promise is true to JavaScript whatever it resolves to. */
function isTrusted(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw new TypeError(
    `trustedOrigins must return true or false, and at once: it returned ${isPromise(answer) ? 'a promise' : kindOf(answer)}`,
  );
}
