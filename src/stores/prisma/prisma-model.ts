import type { TablePlace } from '../app-table/sql-statements.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { Delegate, Field, PrismaCalls } from './prisma-client.js';

/** A model of the app's schema, and the table that it stands for. */
export interface PrismaModel {
  /** What the app calls it: `client.user`. */
  readonly name: string;
  readonly place: TablePlace & Required<Pick<TablePlace, 'columnName'>>;
  readonly fields: ReadonlyMap<string, Field>;
  /** Whether Prisma fills the column of the database: `@default(cuid())`, `@updatedAt`. */
  readonly fills: (column: string) => boolean;
  /** All fields that are columns, also those that the app's client leaves out by its option `omit`. */
  readonly columns: Record<string, true>;
}

/** @throws TypeError for a model, or a field of the mapping, that the client doesn't have */
export function prismaModel(
  call: string,
  client: PrismaCalls,
  name: string,
  mapping: UserMapping,
): PrismaModel {
  const models = Object.entries(client._runtimeDataModel?.models ?? {});
  const found = models.find(([each]) => delegateName(each) === name);
  if (!found)
    throw new TypeError(
      `${call}: the client has no model ${JSON.stringify(name)}: known are ${models.map(([each]) => delegateName(each)).join(', ')}`,
    );
  const [modelName, { fields: all, dbName, schema }] = found;
  const fields = new Map(all.filter(({ kind }) => kind !== 'object').map((field) => [field.name, field]));
  const missing = [...mapping.mapped].find((each) => !fields.has(each));
  if (missing !== undefined)
    throw new TypeError(
      `${call}: the model ${modelName} has no field ${missing}: its fields are ${[...fields.keys()].join(', ')}`,
    );
  return {
    name,
    fields,
    fills: filledColumns(client._engineConfig?.inlineSchema ?? '', modelName, fields),
    columns: Object.fromEntries([...fields.keys()].map((each) => [each, true])),
    place: {
      table: dbName ?? modelName,
      schema: schema ?? undefined,
      columnName: (mapped) => fields.get(mapped)?.dbName ?? mapped,
    },
  };
}

/** A field that the schema doesn't show may be one that Prisma fills. */
function filledColumns(schema: string, model: string, fields: ReadonlyMap<string, Field>) {
  const [, body = ''] = new RegExp(`^\\s*model\\s+${model}\\s*\\{$([^]*?)^\\s*\\}`, 'm').exec(schema) ?? [];
  const lines = new Map(body.split('\n').map((line) => [/^\s*(\w+)\s/.exec(line)?.[1], line]));
  const filled = [...fields.values()].filter(({ name }) =>
    /\s@(default|updatedAt)\b/.test(lines.get(name) ?? ' @default'),
  );
  const columns = new Set(filled.map(({ name, dbName }) => dbName ?? name));
  return (column: string) => columns.has(column);
}

export function delegateOf(client: PrismaCalls, name: string): Delegate {
  return (client as unknown as Record<string, Delegate>)[name] as Delegate;
}

/** `client.person` for `model Person`. */
function delegateName(model: string): string {
  return model.slice(0, 1).toLowerCase() + model.slice(1);
}
