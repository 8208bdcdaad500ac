import type { Request } from 'express';
import type { Credential, CredentialStore } from '../../../stores/credential-store.js';
import { nameOfPassword } from '../../../stores/name-of-password.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { keptUserAgent } from '../../../utils/user-agent.js';
import { type DeviceCookie } from './device-cookie.js';

export const TRUSTED_DEVICE = 'trusted-device';

/** Of more, the oldest end. */
const MAX_DEVICES = 20;

export interface TrustedDevice {
  /** The digest of the secret that only the device has. */
  readonly id: string;
  readonly createdAt: Date;
  readonly data: TrustedDeviceData;
}

interface TrustedDeviceData {
  /** Such as `Chrome 142, Windows`. */
  readonly name: string | null;
  /** Milliseconds since 1970. It never slides. */
  readonly expiresAt: number;
  /** The ids of the factors that the user had. Without one of them the device is trusted no more. */
  readonly factors: readonly string[];
  /** Names the password that the user had. */
  readonly password: string;
}

/** What decides whether a device is trusted, as it is now. */
export interface Circumstances {
  readonly user: StoredUser;
  readonly all: readonly { readonly id: string }[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Browsers that a user has told to ask for the second factor no more, for a while. What ends one is checked when it is used: so it ends
 * in all processes at once, and no outage keeps it.
 */
export class TrustedDevices {
  readonly cookie: DeviceCookie;
  readonly seconds: number;
  readonly #store: CredentialStore;

  constructor(store: CredentialStore, cookie: DeviceCookie, seconds: number) {
    this.#store = store;
    this.cookie = cookie;
    this.seconds = seconds;
  }

  /** Whether the request comes from one of the user's devices that are still trusted. */
  isTrusted(req: Request, devices: readonly TrustedDevice[], circumstances: Circumstances): boolean {
    const ids = this.cookie.idsIn(req);
    return trustedOf(devices, circumstances).some(({ id }) => ids.includes(id));
  }

  /** Stores a new device, and forgets those that are trusted no more. @returns its secret, for the cookie */
  async trust(
    devices: readonly TrustedDevice[],
    { user, all, now }: Circumstances,
    userAgent: string | undefined,
  ): Promise<string> {
    const secret = this.cookie.newSecret();
    const data: TrustedDeviceData = {
      name: keptUserAgent(userAgent, 'label') ?? null,
      expiresAt: now + this.seconds * 1000,
      factors: all.map(({ id }) => id),
      password: nameOfPassword(user),
    };
    const kept = trustedOf(devices, { user, all, now }).slice(1 - MAX_DEVICES);
    for (const { id } of devices)
      if (!kept.some((each) => each.id === id)) await this.#store.remove(user.id, TRUSTED_DEVICE, id);
    await this.#store.add({
      userId: user.id,
      kind: TRUSTED_DEVICE,
      id: digestOf(secret),
      data: JSON.stringify(data),
    });
    return secret;
  }

  /** @returns whether the user had this device */
  end(userId: string, id: string): Promise<boolean> {
    return this.#store.remove(userId, TRUSTED_DEVICE, id);
  }
}

/**
 * Ends all trusted devices of a user. Also where this process trusts none: another one may.
 * @returns how many there were, trusted or not
 */
export type EndDevices = (userId: string) => Promise<number>;

export function createEndDevices(store: CredentialStore): EndDevices {
  return (userId) => store.removeAll(userId, { kinds: [TRUSTED_DEVICE] });
}

/** Those that are still trusted. */
export function trustedOf(
  devices: readonly TrustedDevice[],
  { user, all, now }: Circumstances,
): TrustedDevice[] {
  const password = nameOfPassword(user);
  return devices.filter(
    ({ data }) =>
      data.expiresAt > now &&
      data.password === password &&
      data.factors.length > 0 &&
      data.factors.every((factor) => all.some(({ id }) => id === factor)),
  );
}

/** Only this folder writes them. */
export function toDevice({ id, createdAt, data }: Credential): TrustedDevice {
  return { id, createdAt, data: JSON.parse(data) as TrustedDeviceData };
}
