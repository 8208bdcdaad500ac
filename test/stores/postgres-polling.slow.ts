import { PostgresRefreshTokenStore } from '../../src';
import { revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { usePostgresStore } from '../helpers/apps/postgres-store';

const postgres = usePostgresStore((pool) => new PostgresRefreshTokenStore(pool));

describe("over a client that can't listen, which polls once a second", () => {
  runContract(
    revocationContract(
      () => new PostgresRefreshTokenStore({ query: (text, values) => postgres.pool.query(text, values) }),
    ),
  );
});
