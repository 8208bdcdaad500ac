import { randomUUID } from 'node:crypto';
import { AuthError, type UserStore } from '../../src';
import type { Connection, Server } from './tables';

/**
 * Errors that pass by themselves: no connection free, memory or disk full, read-only, a query that was cancelled, a transaction that took
 * too long, no commit, a shutdown.
 */
const OUTAGES: Record<Server, readonly string[]> = {
  postgres: [
    ...['08006', '25006', '25P03', '25P04', '53100', '53200', '53300', '55P03', '57014', '57P01', '58030'],
  ],
  mariadb: [
    ...[
      '1021',
      '1037',
      '1040',
      '1047',
      '1053',
      '1114',
      '1129',
      '1180',
      '1203',
      '1226',
      '1290',
      '1317',
      '1792',
    ],
    ...['1927', '1969', '3024', '4031'],
  ],
};
/** A deadlock, a conflict, also of a group of servers, a wait for a lock: tried again, and refused at last. */
const ROLLED_BACK: Record<Server, readonly string[]> = {
  postgres: ['40001', '40P01'],
  mariadb: ['1020', '1205', '1213', '3101'],
};
/** Mistakes of the app: a column too short, NULL, a wrong type, an error of its own trigger. */
const MISTAKES: Record<Server, readonly string[]> = {
  postgres: ['22001', '23502', '42804', 'P0001'],
  mariadb: ['1048', '1366', '1406', '1644'],
};

/** The server refuses every new row of `person_int` with an error of its own, as a trigger can send any. */
const refuseWith: Record<Server, (code: string) => string> = {
  postgres: (code) => `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'refused' USING ERRCODE = '${code}'; END $$;
    CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON person_int FOR EACH ROW EXECUTE FUNCTION refuse()`,
  mariadb: (code) =>
    `CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON person_int FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${code}`,
};
const ACCEPT: Record<Server, string> = {
  postgres: 'DROP TRIGGER IF EXISTS refuse ON person_int',
  mariadb: 'DROP TRIGGER IF EXISTS refuse',
};

/** Proves what the answers of a database mean, through whatever the library makes of them. */
export function proveRefusals(database: Server, store: () => UserStore, sql: Connection['query']): void {
  afterAll(() => sql(ACCEPT[database]));

  const refused = async (code: string): Promise<unknown> => {
    await sql(refuseWith[database](code));
    return store()
      .create({ username: randomUUID(), passwordHash: null })
      .catch((error: unknown) => error);
  };

  test.each([...OUTAGES[database], ...ROLLED_BACK[database]])('the error %s is a 503', async (code) => {
    expect(await refused(code)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  test.each(ROLLED_BACK[database])('after the error %s the transaction is tried again', async (code) => {
    await sql(refuseWith[database](code));
    const username = randomUUID();
    const creating = store().create({ username, passwordHash: null });
    await sql(ACCEPT[database]);
    expect(await creating).toMatchObject({ username });
  });

  test.each(MISTAKES[database])('the error %s is a mistake of the app', async (code) => {
    const error = await refused(code);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(AuthError);
  });
}
