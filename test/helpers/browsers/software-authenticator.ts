import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** What a test may change about an answer, to make it wrong. */
export interface AnswerSettings {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  /** Default: user present and verified, and what the passkey says about backups. */
  flags?: number;
  counter?: number;
  userHandle?: string | undefined;
  /** Of another passkey. */
  id?: string;
  key?: KeyObject;
  clientData?: object;
}

interface CreationOptions {
  challenge: string;
  rp: { id: string };
  user: { id: string };
  excludeCredentials: readonly { id: string }[];
}

interface RequestOptions {
  challenge: string;
  rpId: string;
  allowCredentials: readonly { id: string }[];
}

interface PasskeySettings {
  origin: string;
  /** Whether it is synced between devices. Default: false. */
  synced?: boolean;
  idBytes?: number;
}

export interface CredentialJson {
  id: string;
  rawId: string;
  type: string;
  response: Record<string, unknown>;
  clientExtensionResults: object;
}

const UP_AND_UV = 0x05;
const BACKUP_ELIGIBLE_AND_DONE = 0x18;
const ATTESTED = 0x40;

/** A passkey without a browser: ES256, made of node:crypto alone. */
export class SoftwarePasskey {
  readonly id: string;
  readonly origin: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly #synced: boolean;
  counter = 0;
  rpId = '';
  userHandle = '';

  constructor({ origin, synced = false, idBytes = 16 }: PasskeySettings) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.publicKey = publicKey;
    this.privateKey = privateKey;
    this.origin = origin;
    this.#synced = synced;
    this.id = randomBytes(idBytes).toString('base64url');
  }

  /** What `navigator.credentials.create()` returns, as JSON. */
  create(options: CreationOptions, settings: AnswerSettings = {}): CredentialJson {
    this.rpId = options.rp.id;
    this.userHandle = options.user.id;
    const authData = Buffer.concat([
      this.#authenticatorData(settings, ATTESTED),
      Buffer.alloc(16),
      uint16(Buffer.from(settings.id ?? this.id, 'base64url').length),
      Buffer.from(settings.id ?? this.id, 'base64url'),
      coseKey(this.publicKey),
    ]);
    return this.credential(
      {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, settings),
        attestationObject: attestation(authData),
        transports: ['internal'],
      },
      settings.id,
    );
  }

  /** What `navigator.credentials.get()` returns, as JSON. */
  get(options: RequestOptions, settings: AnswerSettings = {}): CredentialJson {
    this.counter += this.#synced ? 0 : 1;
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, settings);
    const authData = this.#authenticatorData(settings);
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const signature = sign('sha256', Buffer.concat([authData, hash]), settings.key ?? this.privateKey);
    return this.credential(
      {
        clientDataJSON,
        authenticatorData: authData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: 'userHandle' in settings ? settings.userHandle : this.userHandle,
      },
      settings.id,
    );
  }

  credential(response: Record<string, unknown>, id = this.id): CredentialJson {
    return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string, settings: AnswerSettings): string {
    const data = {
      type: settings.type ?? type,
      challenge: settings.challenge ?? challenge,
      origin: settings.origin ?? this.origin,
      crossOrigin: false,
      ...settings.clientData,
    };
    return Buffer.from(JSON.stringify(data)).toString('base64url');
  }

  #authenticatorData({ rpId = this.rpId, flags, counter = this.counter }: AnswerSettings, more = 0): Buffer {
    const said = flags ?? UP_AND_UV | (this.#synced ? BACKUP_ELIGIBLE_AND_DONE : 0);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([said | more]), count]);
  }
}

/** An attestation object of the format `none`, in CBOR. */
export function attestation(authData: Buffer): string {
  return Buffer.concat([
    Buffer.from([0xa3]),
    cborText('fmt'),
    cborText('none'),
    cborText('attStmt'),
    Buffer.from([0xa0]),
    cborText('authData'),
    cborBytes(authData),
  ]).toString('base64url');
}

/** RFC 9053: { kty: EC2, alg: ES256, crv: P-256, x, y }. */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    cborBytes(Buffer.from(x, 'base64url')),
    Buffer.from([0x22]),
    cborBytes(Buffer.from(y, 'base64url')),
  ]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 | text.length]), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  const { length } = bytes;
  const head =
    length < 256 ? Buffer.from([0x58, length]) : Buffer.concat([Buffer.from([0x59]), uint16(length)]);
  return Buffer.concat([head, bytes]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
