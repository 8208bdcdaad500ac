import { isAscii } from '../../utils/ascii.js';
import type { OpenTransaction } from './dialects/dialect.js';
import type { SqlStatements } from './sql-statements.js';

/** Statements that only look for their values. An INSERT and an UPDATE keep them too. */
const LOOKS = /^\s*(SELECT|DELETE)\b/i;

/**
 * Queries for texts that the database may not be able to hold: a column, or all of a database, may have a character set that knows few
 * characters, and then a comparison with any other text is an error. No row has such a text.
 */
export class FittingQueries {
  readonly #isUnfit: (error: unknown) => boolean;
  readonly #attempt: NonNullable<OpenTransaction['attempt']>;

  /** @param isUnfit whether the error says that such a text can't be held */
  constructor(isUnfit: (error: unknown) => boolean, { attempt = (query) => query() }: OpenTransaction = {}) {
    this.#isUnfit = isUnfit;
    this.#attempt = attempt;
  }

  /** @returns undefined if one of the texts can't be held */
  async unlessUnfit<T>(texts: readonly unknown[], query: () => Promise<T>): Promise<T | undefined> {
    // Every character set has ASCII. An error is about what stands in a row then, and must be seen.
    if (texts.every(isAscii)) return query();
    try {
      return await this.#attempt(query);
    } catch (error) {
      if (this.#isUnfit(error)) return undefined;
      throw error;
    }
  }
}

/** Statements on our own tables, where all tables of a database have one character set. */
export function fittingStatements(sql: SqlStatements, fitting: FittingQueries): SqlStatements {
  return {
    async query(text, values = []) {
      const query = () => sql.query(text, values);
      return LOOKS.test(text) ? ((await fitting.unlessUnfit(values, query)) ?? []) : query();
    },
    async execute(text, values = []) {
      const execute = () => sql.execute(text, values);
      return LOOKS.test(text) ? ((await fitting.unlessUnfit(values, execute)) ?? 0) : execute();
    },
  };
}
