/** CTAP2 §8: authenticators nest no deeper. */
const MAX_DEPTH = 4;
/** Far more than an authenticator sends. */
const MAX_ITEMS = 200;

const [BYTES, TEXT, LIST, MAP, TAG] = [2, 3, 4, 5, 6];
/** How many bytes the length of an item has, by the lower five bits of its head, from 24 on. */
const LENGTH_BYTES = [1, 2, 4, 8];

/**
 * Whether these bytes are CBOR in the form that authenticators send: without tags and endless items, and not nested deeply. The library
 * would be busy for a long time with other bytes.
 */
export function isPlainCbor(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** How many items are still to come, for each list or map that we are in. */
  const open: number[] = [];
  let at = 0;
  for (let items = 0; at < bytes.length; items += 1) {
    const head = bytes[at] as number;
    at += 1;
    const [kind, short] = [head >> 5, head & 31];
    const lengthBytes = short < 24 ? 0 : LENGTH_BYTES[short - 24];
    if (items === MAX_ITEMS || kind === TAG || lengthBytes === undefined || at + lengthBytes > bytes.length)
      return false;
    const value = lengthBytes === 0 ? short : readLength(view, at, lengthBytes);
    at += lengthBytes;
    while (open.at(-1) === 0) open.pop();
    if (open.length > 0) open[open.length - 1] = (open.at(-1) as number) - 1;
    if (kind === BYTES || kind === TEXT) at += value;
    if (kind === LIST || kind === MAP) open.push(kind === MAP ? 2 * value : value);
    if (open.length > MAX_DEPTH) return false;
  }
  return at === bytes.length && open.every((left) => left === 0);
}

function readLength(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at);
  return bytes === 4 ? view.getUint32(at) : Number(view.getBigUint64(at));
}

const FIXED_BYTES = 37;
const AAGUID_BYTES = 16;
const FLAGS_AT = 32;
const HAS_CREDENTIAL = 0x40;

/** The same for what follows the fixed part of authenticator data (WebAuthn §6.1): a public key, and extensions. */
export function isPlainAuthenticatorData(bytes: Uint8Array): boolean {
  if (bytes.length < FIXED_BYTES) return false;
  if (((bytes[FLAGS_AT] as number) & HAS_CREDENTIAL) === 0) return isPlainCbor(bytes.subarray(FIXED_BYTES));
  const lengthAt = FIXED_BYTES + AAGUID_BYTES;
  const [high = 0, low = 0] = bytes.subarray(lengthAt, lengthAt + 2);
  return isPlainCbor(bytes.subarray(lengthAt + 2 + high * 256 + low));
}
