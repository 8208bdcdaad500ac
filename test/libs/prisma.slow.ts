import { PrismaClient as MysqlClient } from '@clients/mysql';
import { PrismaClient as PostgresClient } from '@clients/postgres';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaUserStore } from '../../src/stores/prisma';
import { proveLibrary } from './prove-library';

const MODELS = {
  person_int: 'personInt',
  person_big: 'personBig',
  person_uuid: 'personUuid',
  member: 'member',
  badge: 'badge',
};

proveLibrary({
  name: 'Prisma',
  fillsColumns: true,
  names: { passwordHash: 'passwordHash', emailKey: 'emailKey', isAdmin: 'isAdmin', verifiedAt: 'verifiedAt' },
  async open(database, url) {
    const { hostname: host, port, username: user } = new URL(url);
    const client =
      database === 'postgres'
        ? new PostgresClient({ adapter: new PrismaPg({ connectionString: url }) })
        : new MysqlClient({
            adapter: new PrismaMariaDb({ host, port: Number(port), user, database: 'test' }),
          });
    return {
      store: (table, options) => new PrismaUserStore(client, { model: MODELS[table], ...options }),
      transaction: (work) =>
        (client as PostgresClient).$transaction(
          (tx) =>
            work(
              (table, options) => new PrismaUserStore(tx, { model: MODELS[table], ...options }),
              // A SET has no rows, and is run all the same.
              (text) => tx.$queryRawUnsafe(text),
            ),
          { timeout: 60_000 },
        ),
      end: () => client.$disconnect(),
    };
  },
});
