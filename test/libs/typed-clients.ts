// Never run: test/libs/types.slow.ts compiles it. An app hands over its client as it is, without a cast.
import type { PrismaClient } from '@clients/postgres';
import { eq } from 'drizzle-orm';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { mysqlTable, serial as mysqlSerial, varchar } from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, serial, text, withReplicas } from 'drizzle-orm/pg-core';
import type { Knex } from 'knex';
import type { Generated, Kysely, Transaction } from 'kysely';
import { Pool } from 'pg';
import { DrizzleUserStore } from '../../src/stores/drizzle';
import { KnexUserStore } from '../../src/stores/knex';
import { KyselyUserStore } from '../../src/stores/kysely';
import { PrismaUserStore } from '../../src/stores/prisma';
import type { IdentityStore, UserStore } from '../../src';

interface Database {
  users: { id: Generated<number>; email: string; password_hash: string | null };
  posts: { id: Generated<number> };
}

const columns = { id: 'id', username: 'email', passwordHash: 'passwordHash' };
const users = pgTable('users', {
  id: serial().primaryKey(),
  email: text().notNull().unique(),
  passwordHash: text('password_hash'),
});
const members = mysqlTable('users', {
  id: mysqlSerial().primaryKey(),
  email: varchar({ length: 255 }).notNull().unique(),
  passwordHash: varchar({ length: 255 }),
});

export async function stores(
  knex: Knex,
  transaction: Knex.Transaction,
  kysely: Kysely<Database>,
  kyselyTransaction: Transaction<Database>,
  prisma: PrismaClient,
): Promise<(UserStore & IdentityStore)[]> {
  const db = drizzle(new Pool());
  const withSchema = drizzle('postgres://localhost', { schema: { users }, casing: 'snake_case' });
  const extended = prisma.$extends({ query: { member: { findMany: ({ args, query }) => query(args) } } });
  const inTransaction: UserStore[] = [];
  await db.transaction(async (tx) => {
    inTransaction.push(new DrizzleUserStore(tx, { table: users, columns }));
    await tx.delete(users).where(eq(users.id, 1));
  });
  await prisma.$transaction((tx) => {
    inTransaction.push(new PrismaUserStore(tx, { model: 'personInt', columns }));
    return Promise.resolve();
  });
  return [
    new KnexUserStore(knex, { table: 'users', columns }),
    new KnexUserStore(transaction, { table: 'auth.users', columns, roles: (row) => [String(row['role'])] }),
    new KyselyUserStore(kysely, { table: 'users', columns }),
    new KyselyUserStore(kyselyTransaction, { table: 'users', columns }),
    new DrizzleUserStore(db, { table: users, columns }),
    new DrizzleUserStore(withSchema, {
      table: users,
      columns,
      roles: async () => Promise.resolve(['member']),
    }),
    new DrizzleUserStore(withReplicas(db, [db]), { table: users, columns }),
    new DrizzleUserStore(drizzleMysql('mysql://localhost/app'), { table: members, columns }),
    new PrismaUserStore(prisma, {
      model: 'personInt',
      columns: { ...columns, disabled: { column: 'active', invert: true } },
    }),
    new PrismaUserStore(extended, { model: 'personInt', columns }),
  ];
}

export function wrongClients(prisma: PrismaClient, kysely: Kysely<Database>, knex: Knex): unknown[] {
  return [
    // @ts-expect-error a URL is no client
    () => new KnexUserStore('postgres://localhost', { table: 'users', columns }),
    // @ts-expect-error Kysely is not Knex
    () => new KnexUserStore(kysely, { table: 'users', columns }),
    // @ts-expect-error Knex is not Kysely
    () => new KyselyUserStore(knex, { table: 'users', columns }),
    // @ts-expect-error Kysely is not Prisma
    () => new PrismaUserStore(kysely, { model: 'personInt', columns }),
    // @ts-expect-error Prisma is not Drizzle
    () => new DrizzleUserStore(prisma, { table: users, columns }),
    // @ts-expect-error Drizzle wants the table itself
    () => new DrizzleUserStore(drizzle(new Pool()), { table: 'users', columns }),
    // @ts-expect-error a store needs the column of hashes
    () => new KnexUserStore(knex, { table: 'users', columns: { id: 'id', username: 'email' } }),
  ];
}
