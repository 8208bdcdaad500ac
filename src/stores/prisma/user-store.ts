import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { wrongClient } from '../app-table/table-option.js';
import { userMapping, type UserTableOptions } from '../app-table/user-table-options.js';
import { kindOf } from '../../utils/option-words.js';
import type { PrismaCalls, PrismaClientLike } from './prisma-client.js';
import { prismaDatabase } from './prisma-database.js';

/** The options of `new PrismaUserStore`. Columns are named as the fields of the model: `passwordHash`, not `password_hash`. */
export interface PrismaUserStoreOptions extends UserTableOptions {
  /** The app's model of users, as the client calls it: `user` for `model User`. */
  model: string;
}

const CALL = 'new PrismaUserStore()';

/** Users in the app's own table, through Prisma 7 over PostgreSQL or MySQL. */
export class PrismaUserStore extends AppTableUserStore {
  /**
   * Uses your client, and never disconnects it. Does not connect. Of a client with the extension for read replicas it uses the
   * primary alone.
   * @param client your `PrismaClient`, extended or not, or the client of an interactive transaction
   * @throws TypeError that names what is wrong and how to fix it
   */
  constructor(client: PrismaClientLike, options: PrismaUserStoreOptions) {
    const members = (client ?? {}) as PrismaCalls;
    if (typeof members.$queryRawUnsafe !== 'function' || members._runtimeDataModel === undefined)
      throw wrongClient(CALL, 'a client of Prisma: new PrismaClient({ adapter })', client);
    const { model, ...others } = options ?? {};
    if (typeof model !== 'string')
      throw new TypeError(
        `${CALL}: model must be the name of your model as the client calls it, as in model: 'user', not ${kindOf(model)}`,
      );
    const mapping = userMapping(CALL, others);
    // A transaction is on the primary already, and its `$primary()` leaves it.
    const primary = members.$connect === undefined ? undefined : members.$primary?.();
    const { database, facts } = prismaDatabase(CALL, primary ?? members, model, mapping);
    super(database, mapping, facts);
  }
}
