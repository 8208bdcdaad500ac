import { PrismaClient as MysqlClient } from '@clients/mysql';
import { PrismaClient as PostgresClient } from '@clients/postgres';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import * as my from 'drizzle-orm/mysql-core';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import * as pg from 'drizzle-orm/pg-core';
import knex, { type Knex } from 'knex';
import { CamelCasePlugin, Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import { createPool } from 'mysql2';
import mysql from 'mysql2/promise';
import { Pool } from 'pg';
import type { AppTableUserStore } from '../../src/stores/app-table/app-table-user-store';
import type { UserTableOptions } from '../../src/stores/app-table/user-table-options';
import { DrizzleUserStore } from '../../src/stores/drizzle';
import { KnexUserStore } from '../../src/stores/knex';
import { KyselyUserStore } from '../../src/stores/kysely';
import { PrismaUserStore } from '../../src/stores/prisma';
import type { Server } from './tables';

/** An app whose library renames what the database has. */
export interface App {
  store(options: UserTableOptions): AppTableUserStore;
  end(): Promise<unknown>;
}

const snakeCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const converted = (row: object | undefined, value: (member: unknown) => unknown) =>
  Object.fromEntries(Object.entries(row ?? {}).map(([key, member]) => [camelCase(key), value(member)]));

/** As Knex's own documentation shows it. What isn't a list of rows, such as the answer to a raw statement, is taken apart too. */
function documented(result: unknown): unknown {
  const convert = (row: object | undefined) => converted(row, (member) => member);
  return Array.isArray(result) ? result.map(convert) : convert(result as object);
}

/** Converts the rows inside the answer to a raw statement too. */
function deep(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(deep);
  const isPlain =
    typeof result === 'object' && result !== null && !(result instanceof Date) && !Buffer.isBuffer(result);
  return isPlain ? converted(result, deep) : result;
}

const wrapIdentifier: Knex.Config['wrapIdentifier'] = (name, wrap) => wrap(snakeCase(name));
export const DOCUMENTED = { wrapIdentifier, postProcessResponse: documented };
export const DEEP = { wrapIdentifier, postProcessResponse: deep };

export const knexApp = (names: Pick<Knex.Config, 'wrapIdentifier' | 'postProcessResponse'>) => {
  return (database: Server, url: string): App => {
    const db = knex({ client: database === 'postgres' ? 'pg' : 'mysql2', connection: url, ...names });
    return {
      store: (options) => new KnexUserStore(db, { table: 'appUser', ...options }),
      end: () => db.destroy(),
    };
  };
};

export function kyselyApp(database: Server, url: string): App {
  const db = new Kysely<Record<string, never>>({
    dialect:
      database === 'postgres'
        ? new PostgresDialect({ pool: new Pool({ connectionString: url }) })
        : new MysqlDialect({ pool: createPool(url) }),
    plugins: [new CamelCasePlugin()],
  });
  return {
    store: (options) => new KyselyUserStore(db, { table: 'appUser', ...options }),
    end: () => db.destroy(),
  };
}

/** None of the columns has a name of its own. */
export function drizzleApp(database: Server, url: string): App {
  if (database === 'postgres') {
    const pool = new Pool({ connectionString: url });
    const table = pg.pgTable('app_user', {
      userId: pg.bigint({ mode: 'bigint' }).primaryKey().generatedByDefaultAsIdentity(),
      loginName: pg.text().notNull().unique(),
      loginKey: pg.text().unique(),
      passwordHash: pg.text(),
      roleNames: pg.text().array().notNull().default([]),
      isActive: pg.boolean().notNull().default(true),
      homeTown: pg.text(),
    });
    const db = drizzlePostgres(pool, { casing: 'snake_case' });
    return { store: (options) => new DrizzleUserStore(db, { table, ...options }), end: () => pool.end() };
  }
  const pool = mysql.createPool(url);
  const table = my.mysqlTable('app_user', {
    userId: my.bigint({ mode: 'bigint' }).primaryKey().autoincrement(),
    loginName: my.varchar({ length: 255 }).notNull().unique(),
    loginKey: my.varchar({ length: 510 }).unique(),
    passwordHash: my.varchar({ length: 255 }),
    roleNames: my.json().$type<string[]>().notNull().default([]),
    isActive: my.boolean().notNull().default(true),
    homeTown: my.varchar({ length: 100 }),
  });
  const db = drizzleMysql(pool, { casing: 'snake_case' });
  return { store: (options) => new DrizzleUserStore(db, { table, ...options }), end: () => pool.end() };
}

/** The app's own queries never see what the store needs. */
export function prismaApp(database: Server, url: string): App {
  const omit = { appUser: { passwordHash: true, loginKey: true, isActive: true } } as const;
  const { hostname: host, port, username: user } = new URL(url);
  const client =
    database === 'postgres'
      ? new PostgresClient({ adapter: new PrismaPg({ connectionString: url }), omit })
      : new MysqlClient({
          adapter: new PrismaMariaDb({ host, port: Number(port), user, database: 'test' }),
          omit,
        });
  return {
    store: (options) => new PrismaUserStore(client, { model: 'appUser', ...options }),
    end: () => client.$disconnect(),
  };
}
