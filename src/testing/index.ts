export type { ContractCase } from './contract.js';
export { refreshTokenStoreContract } from './refresh-token-store-contract.js';
export type { RefreshTokenStoreContractOptions, RefreshTokenStoreGap } from './contract-options.js';
export { credentialStoreContract, type CredentialStoreContractOptions } from './credential-store-contract.js';
export type { CredentialStores } from './credential-fixtures.js';
export { oneTimeTokenStoreContract } from './one-time-token-store-contract.js';
export { identityStoreContract, type IdentityStoreContractOptions } from './identity-store-contract.js';
export { userStoreContract, type UserStoreContractOptions } from './user-store-contract.js';
export type { UserStoreGap } from './contract-options.js';
export { revocationContract } from './revocation-contract.js';

export { loginAs, type LoggedIn, type LoginAsOptions } from './login-as.js';
export { testAuth, type TestAuth, type TestAuthOptions } from './test-auth.js';
export { testClock, type TestClock } from './test-clock.js';
export type { TestUser } from './test-user.js';
