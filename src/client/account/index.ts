export { createAccountClient } from './create-account-client.js';
export { takeToken } from './take-token.js';
export type {
  AccountClient,
  AccountClientOptions,
  AddressOwner,
  Challenges,
  ChallengeStorage,
  MailLoginRequest,
  UsedLink,
  UsedLoginLink,
  VerificationLink,
} from './account-client.js';
