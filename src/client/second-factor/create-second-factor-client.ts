import type { AuthClient } from '../auth-client.js';
import { createSharedCalls } from '../shared-calls.js';
import type { Factors, SecondFactorClient, TotpEnrolment, TrustedDevice } from './second-factor-client.js';

/**
 * Makes the calls of the server's feature `secondFactor`. Logins by it are logins of `client`: its state changes, and its listeners
 * are called.
 * @param client what `createAuthClient` returns
 * @throws TypeError when `client` is something else
 */
export function createSecondFactorClient(client: AuthClient): SecondFactorClient {
  if (typeof client?.login !== 'function')
    throw new TypeError('createSecondFactorClient(): client must be what createAuthClient() returns');
  const call: AuthClient['call'] = (method, path, body) => client.call(method, path, body);
  const shared = createSharedCalls();
  const path = '/login/second-factor';

  return {
    // The server knows the transport from the first step.
    finishLogin: (step) => shared(path, step, () => client.login({ transport: undefined, ...step }, path)),
    list: () => call<Factors>('GET', '/factors'),
    startTotp: () => call<TotpEnrolment>('POST', '/factors/totp'),
    confirmTotp: async (confirmation) =>
      (await call<{ recoveryCodes?: string[] }>('POST', '/factors/totp/confirm', confirmation)).recoveryCodes,
    remove: (id) => end('/factors', id),
    renewRecoveryCodes: async () =>
      (await call<{ recoveryCodes: string[] }>('POST', '/factors/recovery-codes')).recoveryCodes,
    trustedDevices: async () => (await call<{ devices: TrustedDevice[] }>('GET', '/trusted-devices')).devices,
    endTrustedDevice: (id) => end('/trusted-devices', id),
    endTrustedDevices: async () => (await call<{ ended: number }>('DELETE', '/trusted-devices')).ended,
  };

  async function end(list: string, id: string): Promise<void> {
    await call('DELETE', `${list}/${encodeURIComponent(id)}`);
  }
}
