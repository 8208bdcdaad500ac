export type { ContractCase } from './contract.js';
export { refreshTokenStoreContract } from './refresh-token-store-contract.js';
export { identityStoreContract } from './identity-store-contract.js';
export { userStoreContract } from './user-store-contract.js';
export { revocationContract } from './revocation-contract.js';
