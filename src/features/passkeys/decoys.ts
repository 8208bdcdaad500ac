import type { TextSealer } from '../../tokens/sealed-text.js';
import { usernameKey } from '../../utils/username.js';
import type { CredentialDescriptor } from './credential-descriptor.js';

/** How authenticators are reached. Answers to a name know no others, so none of them tells a real passkey. */
const REACHED = {
  synced: ['hybrid', 'internal'],
  device: ['internal'],
  key: ['nfc', 'usb'],
  unknown: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What passkeys look like, with shares in percent: ids of Apple, Google and Windows, of password managers, and of security keys. */
const KINDS: readonly {
  readonly share: number;
  readonly bytes: number;
  readonly by: keyof typeof REACHED;
}[] = [
  { share: 28, bytes: 20, by: 'synced' },
  { share: 26, bytes: 16, by: 'synced' },
  { share: 8, bytes: 32, by: 'synced' },
  { share: 12, bytes: 32, by: 'device' },
  { share: 11, bytes: 16, by: 'device' },
  { share: 5, bytes: 48, by: 'key' },
  { share: 4, bytes: 64, by: 'key' },
  { share: 4, bytes: 16, by: 'unknown' },
  { share: 2, bytes: 32, by: 'unknown' },
];

/** As many as a user may have. */
const MAX_DECOYS = 10;
/** One name in four has more than one, one in sixteen more than two. */
const ONE_MORE = 256 / 4;

/**
 * Passkeys that don't exist, for names without any: the answer doesn't tell who has an account (WebAuthn §14.6.2). There are one or more,
 * of the kinds that real ones are of. Derived from the refresh secret, so a name has the same ones in every process and after every restart.
 */
export function decoysOf(sealer: Pick<TextSealer, 'sign'>, username: string): CredentialDescriptor[] {
  const name = usernameKey(username);
  const bytes = (part: string) => Buffer.from(sealer.sign(`passkey decoy ${part}\n${name}`), 'base64url');
  let count = 1;
  for (const byte of bytes('count').subarray(0, MAX_DECOYS - 1)) {
    if (byte >= ONE_MORE) break;
    count += 1;
  }
  return Array.from({ length: count }, (_, at) => {
    const kind = kindAt(bytes(`${at} kind`).readUInt32BE() % 100);
    let id = Buffer.alloc(0);
    while (id.length < kind.bytes) id = Buffer.concat([id, bytes(`${at} from ${id.length}`)]);
    return descriptor(id.subarray(0, kind.bytes).toString('base64url'), kind.by);
  });
}

function kindAt(percent: number): (typeof KINDS)[number] {
  let sum = 0;
  return KINDS.find(({ share }) => (sum += share) > percent) as (typeof KINDS)[number];
}

/** Real passkeys as decoys look: transports are hints, and rare ones would tell that a passkey is real. */
export function likeDecoys(passkeys: readonly CredentialDescriptor[]): CredentialDescriptor[] {
  return passkeys.map(({ id, transports }) => descriptor(id, reachedBy(transports)));
}

function reachedBy(transports: readonly string[]): keyof typeof REACHED {
  if (transports.includes('hybrid')) return 'synced';
  if (transports.includes('internal')) return 'device';
  return ['ble', 'nfc', 'smart-card', 'usb'].some((each) => transports.includes(each)) ? 'key' : 'unknown';
}

function descriptor(id: string, by: keyof typeof REACHED): CredentialDescriptor {
  return { type: 'public-key', id, transports: [...REACHED[by]] };
}
