export { passkeys } from './passkeys.js';
export type {
  Passkey,
  PasskeyClient,
  PasskeyLogin,
  PasskeyProof,
  RegisteredPasskey,
} from './passkey-client.js';
