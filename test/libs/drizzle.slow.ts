import { sql } from 'drizzle-orm';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import * as my from 'drizzle-orm/mysql-core';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import * as pg from 'drizzle-orm/pg-core';
import mysql from 'mysql2/promise';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { DrizzleUserStore } from '../../src/stores/drizzle';
import { proveLibrary } from './prove-library';

const POSTGRES = {
  person_int: pg.pgTable('person_int', {
    id: pg.integer().primaryKey().generatedByDefaultAsIdentity(),
    email: pg.text().notNull().unique(),
    passwordHash: pg.text('password_hash'),
    roles: pg.text().array().notNull().default([]),
    active: pg.boolean().notNull().default(true),
  }),
  person_big: pg.pgTable('person_big', {
    id: pg.bigint({ mode: 'bigint' }).primaryKey().generatedByDefaultAsIdentity(),
    email: pg.text().notNull().unique(),
    passwordHash: pg.text('password_hash'),
    roles: pg.jsonb().$type<string[]>().notNull().default([]),
    active: pg.boolean().notNull().default(true),
  }),
  person_uuid: pg.pgTable('person_uuid', {
    id: pg.uuid().primaryKey().defaultRandom(),
    email: pg.text().notNull().unique(),
    passwordHash: pg.text('password_hash'),
    roles: pg.text().array().notNull().default([]),
    active: pg.boolean().notNull().default(true),
  }),
  member: pg.pgTable('member', {
    id: pg
      .uuid()
      .primaryKey()
      .$defaultFn(() => randomUUID()),
    email: pg.varchar({ length: 255 }).notNull().unique(),
    emailKey: pg.varchar('email_key', { length: 510 }).unique(),
    passwordHash: pg.text('password_hash'),
    isAdmin: pg.boolean('is_admin').notNull().default(false),
    city: pg.text().notNull(),
    blocked: pg.boolean().notNull().default(false),
    verifiedAt: pg.timestamp('verified_at', { withTimezone: true, mode: 'string' }),
  }),
  badge: pg.pgTable('badge', {
    id: pg.integer().primaryKey().generatedByDefaultAsIdentity(),
    email: pg.text().notNull().unique(),
    passwordHash: pg.text('password_hash'),
    code: pg
      .text()
      .notNull()
      .$defaultFn(() => randomUUID()),
    updatedAt: pg
      .timestamp('updated_at')
      .notNull()
      .$onUpdateFn(() => new Date()),
    slug: pg.text().notNull().default(''),
    city: pg.text().notNull(),
    verified: pg.boolean().notNull().default(true),
  }),
};

const MYSQL = {
  person_int: my.mysqlTable('person_int', {
    id: my.int().primaryKey().autoincrement(),
    email: my.varchar({ length: 255 }).notNull().unique(),
    passwordHash: my.varchar('password_hash', { length: 255 }),
    roles: my.json().$type<string[]>().notNull().default([]),
    active: my.boolean().notNull().default(true),
  }),
  person_big: my.mysqlTable('person_big', {
    id: my.bigint({ mode: 'bigint' }).primaryKey().autoincrement(),
    email: my.varchar({ length: 255 }).notNull().unique(),
    passwordHash: my.varchar('password_hash', { length: 255 }),
    roles: my.json().$type<string[]>().notNull().default([]),
    active: my.boolean().notNull().default(true),
  }),
  person_uuid: my.mysqlTable('person_uuid', {
    id: my.char({ length: 36 }).primaryKey(),
    email: my.varchar({ length: 255 }).notNull().unique(),
    passwordHash: my.varchar('password_hash', { length: 255 }),
    roles: my.json().$type<string[]>().notNull().default([]),
    active: my.boolean().notNull().default(true),
  }),
  member: my.mysqlTable('member', {
    id: my
      .char({ length: 36 })
      .primaryKey()
      .$defaultFn(() => randomUUID()),
    email: my.varchar({ length: 255 }).notNull().unique(),
    emailKey: my.varchar('email_key', { length: 510 }).unique(),
    passwordHash: my.varchar('password_hash', { length: 255 }),
    isAdmin: my.boolean('is_admin').notNull().default(false),
    city: my.varchar({ length: 100 }).notNull(),
    blocked: my.boolean().notNull().default(false),
    verifiedAt: my.datetime('verified_at', { mode: 'string' }),
  }),
  badge: my.mysqlTable('badge', {
    id: my.int().primaryKey().autoincrement(),
    email: my.varchar({ length: 255 }).notNull().unique(),
    passwordHash: my.varchar('password_hash', { length: 255 }),
    code: my
      .varchar({ length: 100 })
      .notNull()
      .$defaultFn(() => randomUUID()),
    updatedAt: my
      .datetime('updated_at')
      .notNull()
      .$onUpdateFn(() => new Date()),
    slug: my
      .varchar({ length: 255 })
      .notNull()
      .$defaultFn(() => ''),
    city: my.varchar({ length: 100 }).notNull(),
    verified: my.boolean().notNull().default(true),
  }),
};

proveLibrary({
  name: 'Drizzle',
  fillsColumns: true,
  names: { passwordHash: 'passwordHash', emailKey: 'emailKey', isAdmin: 'isAdmin', verifiedAt: 'verifiedAt' },
  async open(database, url) {
    if (database === 'postgres') {
      const pool = new Pool({ connectionString: url });
      pool.on('error', () => undefined);
      pool.on('connect', (connection) => connection.on('error', () => undefined));
      const db = drizzlePostgres(pool);
      return {
        store: (table, options) => new DrizzleUserStore(db, { table: POSTGRES[table], ...options }),
        transaction: (work) =>
          db.transaction((tx) =>
            work(
              (table, options) => new DrizzleUserStore(tx, { table: POSTGRES[table], ...options }),
              async (text) => (await tx.execute(sql.raw(text))).rows,
            ),
          ),
        innerTransaction: (work) =>
          db.transaction((tx) =>
            tx.transaction(() =>
              work((table, options) => new DrizzleUserStore(tx, { table: POSTGRES[table], ...options })),
            ),
          ),
        end: () => pool.end(),
      };
    }
    const pool = mysql.createPool(url);
    const db = drizzleMysql(pool);
    return {
      store: (table, options) => new DrizzleUserStore(db, { table: MYSQL[table], ...options }),
      transaction: (work) =>
        db.transaction((tx) =>
          work(
            (table, options) => new DrizzleUserStore(tx, { table: MYSQL[table], ...options }),
            async (text) => (await tx.execute(sql.raw(text)))[0],
          ),
        ),
      innerTransaction: (work) =>
        db.transaction((tx) =>
          tx.transaction(() =>
            work((table, options) => new DrizzleUserStore(tx, { table: MYSQL[table], ...options })),
          ),
        ),
      end: () => pool.end(),
    };
  },
});
