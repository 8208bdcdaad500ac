import { z } from 'zod';
import { parseCall } from '../../utils/parse-call.js';

/** What `passkeys` takes. */
export interface PasskeysOptions {
  /**
   * The domain that passkeys are bound to: `'example.com'`, without scheme and port. Its subdomains may use them too. Passkeys are lost
   * if it changes.
   */
  rpId: string;
  /** What browsers call your app. 1 to 64 characters. */
  rpName: string;
  /**
   * The origins of the pages that use passkeys: `'https://app.example.com'`, on `rpId` or a subdomain, with `https:`. For development
   * `http://localhost:3000` with the `rpId` `'localhost'`. An Android app is `'android:apk-key-hash:…'`.
   */
  origins: string | readonly string[];
  /**
   * What happens when a passkey has counted fewer uses than before, so there may be a copy of it. `'report'`: only the event
   * `passkeyCounterRegressed`. `'refuse'`: the event, and 401 `INVALID_PASSKEY`. Passkeys that are synced don't count. Default: `'report'`.
   */
  counter?: 'report' | 'refuse';
}

/** The options with their defaults filled in. */
export interface PasskeysConfig {
  readonly rpId: string;
  readonly rpName: string;
  readonly origins: readonly string[];
  readonly counter: 'report' | 'refuse';
}

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ANDROID = /^android:apk-key-hash:[\w-]{43}$/;

const optionsSchema = z.strictObject({
  rpId: z
    .string()
    .regex(
      DOMAIN,
      "must be a domain in lower case, such as 'example.com' or 'localhost', without scheme, port and path. " +
        'An IP address can have no passkeys',
    ),
  rpName: z
    .string()
    .regex(/^\P{Cc}{1,64}$/u, 'must have 1 to 64 characters, and no control characters')
    .refine((text) => text.trim() !== '' && text.isWellFormed(), 'must be a name'),
  origins: z
    .union(
      [z.string(), z.array(z.string()).nonempty()],
      "must be an origin such as 'https://app.example.com', or a list of them",
    )
    .transform((given) => [given].flat()),
  counter: z.enum(['report', 'refuse']).default('report'),
});

/** @throws TypeError that names the option and the cure */
export function parsePasskeysOptions(options: PasskeysOptions): PasskeysConfig {
  const parsed = parseCall('passkeys()', optionsSchema, options);
  for (const origin of parsed.origins) assertFits(origin, parsed.rpId);
  return parsed;
}

/** Browsers refuse every other page, so each login would fail. */
function assertFits(origin: string, rpId: string): void {
  if (ANDROID.test(origin)) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url?.origin !== origin)
    throw new TypeError(
      `passkeys(): origins has ${JSON.stringify(origin)}, which is no origin: write 'https://app.example.com', in lower case and without ` +
        'a path, a slash at the end and the default port',
    );
  const isLocal = url.hostname === 'localhost' || url.hostname.endsWith('.localhost');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))
    throw new TypeError(
      `passkeys(): origins has ${origin}, but browsers have passkeys only on https: pages: use https:`,
    );
  if (url.hostname !== rpId && !url.hostname.endsWith(`.${rpId}`))
    throw new TypeError(
      `passkeys(): origins has ${origin}, which is neither on ${rpId} nor on a subdomain of it: correct rpId or the origin`,
    );
}
