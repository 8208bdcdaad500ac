import type { ErrorKind } from '../app-table/sql-statements.js';

/** https://www.prisma.io/docs/orm/reference/error-reference */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  P2002: 'taken',
  P2034: 'rolled-back',
  P2021: 'schema',
  P2022: 'schema',
  P2024: 'outage', // no free connection
  P2028: 'outage', // the time for a transaction is over
  P2037: 'outage', // too many connections
};

/** Undefined: the error has the code of the database. */
export function kindOfPrismaError(error: unknown): ErrorKind | undefined {
  const { name, code, meta } = (error ?? {}) as {
    name?: unknown;
    code?: unknown;
    meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } };
  };
  if (name === 'PrismaClientValidationError') return 'mistake';
  if (name !== 'PrismaClientKnownRequestError') return undefined;
  const known = KINDS[String(code)] ?? (/^P1/.test(String(code)) ? 'outage' : undefined);
  if (known) return known;
  return meta?.driverAdapterError?.cause?.originalCode === undefined ? 'mistake' : undefined;
}
