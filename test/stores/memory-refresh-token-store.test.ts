import { MemoryRefreshTokenStore } from '../../src';
import { refreshTokenStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';

runContract(refreshTokenStoreContract(() => new MemoryRefreshTokenStore()));
