/* The shapes of Prisma 7, so that this package compiles without it. */

/** The part of a Prisma client that the store uses: `new PrismaClient({ adapter })`, extended or not. */
export interface PrismaClientLike {
  $queryRawUnsafe: (...args: never[]) => unknown;
  $executeRawUnsafe: (...args: never[]) => unknown;
}

export interface Where {
  readonly [field: string]: unknown;
}

/** What Prisma calls the delegate of a model: `client.user`. */
export interface Delegate {
  findMany(query: {
    where: Where;
    select: Record<string, true>;
    orderBy?: Record<string, 'asc'>;
    take?: number;
  }): Promise<Record<string, unknown>[]>;
  create(query: { data: object; select: Record<string, true> }): Promise<Record<string, unknown>>;
  updateMany(query: { where: Where; data: object }): Promise<unknown>;
  deleteMany(query: { where: Where }): Promise<unknown>;
}

export interface Field {
  readonly name: string;
  /** `object` for a relation. */
  readonly kind: string;
  /** `Int`, `BigInt`, `String`, `Boolean`, `Json` … */
  readonly type: string;
  /** Undefined: the same as its name. */
  readonly dbName?: string | null;
}

export interface Model {
  readonly fields: readonly Field[];
  readonly dbName: string | null;
  readonly schema?: string | null;
}

export interface PrismaCalls {
  /** Missing inside a transaction. */
  $connect?: unknown;
  /** The text of the schema that the client was generated from: only it has the defaults of fields. */
  readonly _engineConfig?: { readonly inlineSchema?: string };
  /** The extension for read replicas has it. */
  $primary?(): PrismaCalls;
  readonly _activeProvider?: string;
  readonly _runtimeDataModel?: { readonly models: Readonly<Record<string, Model>> };
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]>;
  $executeRawUnsafe(text: string, ...values: unknown[]): Promise<number>;
  /** Inside a transaction it is a savepoint, which some versions have not. */
  $transaction?<T>(
    work: (transaction: PrismaCalls) => Promise<T>,
    options: { maxWait: number; timeout: number },
  ): Promise<T>;
}
