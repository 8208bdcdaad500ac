import Bowser from 'bowser';

/** Browsers send about 111 characters, so the rest of a longer header would only waste space in the store. */
export const MAX_USER_AGENT_LENGTH = 512;
const MAX_LABEL_LENGTH = 64;

/**
 * The part of the `User-Agent` header that a session keeps: the first 512 characters, or a label of at most 64 characters, or
 * nothing.
 */
export function keptUserAgent(
  header: string | undefined,
  keep: 'full' | 'label' | false,
): string | undefined {
  if (!header || keep === false) return undefined;
  const userAgent = header.slice(0, MAX_USER_AGENT_LENGTH);
  return keep === 'label' ? label(userAgent).slice(0, MAX_LABEL_LENGTH) : userAgent;
}

/** A label such as `Chrome 142, Windows` or `curl 8`, by which users can tell their devices apart. */
function label(userAgent: string): string {
  const { browser, os } = Bowser.parse(userAgent);
  const [, product, productVersion] = /^([\w.-]+)(?:\/([\d.]+))?/.exec(userAgent) ?? [];
  const [name, version] = browser.name ? [browser.name, browser.version] : [product, productVersion];
  const program = [name, version?.split('.')[0]].filter(Boolean).join(' ');
  return [program, os.name].filter(Boolean).join(', ') || 'Unknown';
}
