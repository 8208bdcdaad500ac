import { MemoryRefreshTokenStore } from '../../src';
import { refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';

runContract(refreshTokenStoreContract(() => new MemoryRefreshTokenStore()));

describe('shared by several createAuth', () => {
  const shared = new MemoryRefreshTokenStore();
  runContract(revocationContract(() => shared));
});
