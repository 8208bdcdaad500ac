import type { ColumnFacts, ColumnKind, Dialect, UniqueIndex } from './dialects/dialect.js';
import type { TablePlace } from './sql-statements.js';
import type { UserMapping } from './user-table-options.js';

/** What the check knows about the app's table. */
export interface TableLook {
  readonly dialect: Dialect;
  readonly place: TablePlace;
  readonly mapping: UserMapping;
  readonly columns: ReadonlyMap<string, ColumnFacts>;
  readonly unique: readonly UniqueIndex[];
  /** The SQL of triggers that may fill columns. */
  readonly triggers: readonly string[];
  /** Whether the library fills the column of the database. */
  readonly libraryFills: (column: string) => boolean;
  /** Whether something besides the store fills columns: the fields of registrations. */
  readonly hasFields: boolean;
}

/** bcrypt's hashes are the shortest. */
const SHORTEST_HASH = 60;

const NO_FLAGS: readonly ColumnKind[] = ['text', 'uuid', 'json', 'texts', 'time'];
const ID_KINDS: readonly ColumnKind[] = ['integer', 'bigint', 'uuid', 'text'];
const TYPES: Readonly<Record<Dialect['name'], Record<'text' | 'roles' | 'flag', string>>> = {
  postgres: { text: 'text', roles: "text[] NOT NULL DEFAULT '{}'", flag: 'boolean NOT NULL DEFAULT false' },
  mysql: { text: 'varchar(255)', roles: 'json', flag: 'boolean NOT NULL DEFAULT false' },
  sqlite: { text: 'text', roles: 'text', flag: 'boolean NOT NULL DEFAULT 0' },
};

/** What is wrong with the app's table for this mapping. */
export interface TableFault {
  readonly what: string;
  /** What to change, with the SQL. */
  readonly cure: string;
}

export function faultsOf(look: TableLook): TableFault[] {
  const missing = missingColumns(look);
  // What else is said about a column that isn't there would be a guess.
  return missing.length > 0 ? missing : [...wrongTypes(look), ...missingIndexes(look), ...unfilled(look)];
}

interface MappedColumn {
  readonly member: string;
  readonly name: string;
}

/** @returns the columns of the mapping, by the names of the database */
function mappedColumns({ mapping: { columns, disabled }, place }: TableLook): MappedColumn[] {
  const named = Object.entries({ ...columns, disabled: disabled?.column });
  return named.flatMap(([member, name]) =>
    name === undefined ? [] : [{ member, name: place.columnName?.(name) ?? name }],
  );
}

function missingColumns(look: TableLook): TableFault[] {
  const { columns, dialect } = look;
  const types = TYPES[dialect.name];
  return mappedColumns(look)
    .filter(({ name }) => !columns.has(name))
    .map(({ member, name }) => {
      const isFlag = member === 'disabled' || member === 'emailVerified';
      const type = member === 'roles' ? types.roles : isFlag ? types.flag : types.text;
      const add = `ALTER TABLE ${tableName(look)} ADD COLUMN ${quoted(look, name)} ${type};`;
      const known = [...columns.keys()].join(', ');
      return {
        what: `there is no column ${name}, which columns.${member} names; the table has ${known}`,
        cure: `correct the option, or: ${add}`,
      };
    });
}

function wrongTypes(look: TableLook): TableFault[] {
  const faults: TableFault[] = [];
  for (const { member, name } of mappedColumns(look)) {
    const { kind, type, nullable, maxLength = Infinity } = look.columns.get(name) as ColumnFacts;
    const is = `the column ${name} (columns.${member}) has the type ${type}`;
    if (member === 'id' && !ID_KINDS.includes(kind))
      faults.push({
        what: `${is}, and ids must be integers, bigints, uuids or texts`,
        cure: 'name another unique column',
      });
    if (['username', 'usernameKey', 'passwordHash'].includes(member) && kind !== 'text')
      faults.push({ what: `${is}, and must be a text`, cure: changeType(look, name) });
    if (member === 'passwordHash' && kind === 'text' && maxLength < SHORTEST_HASH)
      faults.push({ what: `${is}, which is too short for a hash`, cure: changeType(look, name) });
    if (member === 'roles' && !['texts', 'json', 'text'].includes(kind))
      faults.push({
        what: `${is}, which holds no list`,
        cure: 'leave out columns.roles, and give the function roles instead',
      });
    const isTimeToo = member === 'emailVerified' && look.dialect.name !== 'sqlite';
    if (
      ['disabled', 'emailVerified'].includes(member) &&
      NO_FLAGS.includes(kind) &&
      !(isTimeToo && kind === 'time')
    )
      faults.push({
        what: `${is}, and must be a boolean${isTimeToo ? ', or the time of the proof' : ''}`,
        cure: 'name another column',
      });
    if (member === 'emailVerified' && kind === 'time' && !nullable)
      faults.push({ what: `${is}, and must allow NULL`, cure: allowNull(look, name) });
  }
  return faults;
}

function missingIndexes(look: TableLook): TableFault[] {
  const { mapping, place } = look;
  const named = (mapped: string) => place.columnName?.(mapped) ?? mapped;
  const { id, username, usernameKey } = mapping.columns;
  const faults: TableFault[] = [];
  if (!isUnique(look, named(id)))
    faults.push({
      what: 'the ids are not unique',
      cure: `${createUnique(look, named(id))} or name the primary key in columns.id`,
    });
  const name = named(usernameKey ?? username);
  if (!isUnique(look, name)) {
    const member = usernameKey === undefined ? 'username' : 'usernameKey';
    faults.push({
      what: `the column ${name} (columns.${member}) has no unique index`,
      cure: createUnique(look, name),
    });
  }
  return faults;
}

/** An index of the lower-case name, or of its beginning, is unique for the name too. */
function isUnique({ unique }: TableLook, column: string): boolean {
  return unique.some(({ parts }) => {
    const [part = '', ...more] = parts.map((each) => each.replaceAll(/"|::text/g, ''));
    return more.length === 0 && [column, `lower(${column})`].includes(part.replace(/\(\d+\)$/, ''));
  });
}

/** Columns that nobody fills: the first registration would fail. */
function unfilled(look: TableLook): TableFault[] {
  const { columns, hasFields, triggers, libraryFills } = look;
  if (hasFields) return [];
  const mapped = new Set(mappedColumns(look).map(({ name }) => name));
  const isFilled = ({ name, nullable, hasDefault }: ColumnFacts) =>
    nullable ||
    hasDefault ||
    mapped.has(name) ||
    libraryFills(name) ||
    triggers.some((trigger) => mentions(trigger, name));
  return [...columns.values()]
    .filter((each) => !isFilled(each))
    .map(({ name }) => ({
      what: `the column ${name} is NOT NULL without a default, and no registration fills it`,
      cure: `give register.schema, register.create or register: false, or ${allowNull(look, name)}${unseenTriggers(look)}`,
    }));
}

/** Which columns a trigger fills can't be known. One that it doesn't name, it hardly fills. */
function mentions(sql: string, column: string): boolean {
  const literal = column.replaceAll(/[^\w\s]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${literal}(?![\\w$])`, 'i').test(sql);
}

/** MySQL shows triggers to those alone who may change them. */
function unseenTriggers({ dialect, triggers }: TableLook): string {
  return dialect.name === 'mysql' && triggers.length === 0
    ? ' If a trigger fills it, grant TRIGGER on the table to the user of this connection, so that it can be seen.'
    : '';
}

function allowNull(look: TableLook, column: string): string {
  const alter = `ALTER TABLE ${tableName(look)}`;
  if (look.dialect.name === 'postgres') return `${alter} ALTER COLUMN ${quoted(look, column)} DROP NOT NULL;`;
  const { type } = look.columns.get(column) as ColumnFacts;
  if (look.dialect.name === 'mysql') return `${alter} MODIFY ${quoted(look, column)} ${type} NULL;`;
  return 'create the table anew without NOT NULL there';
}

function changeType(look: TableLook, column: string): string {
  const alter = `ALTER TABLE ${tableName(look)}`;
  const { text } = TYPES[look.dialect.name];
  if (look.dialect.name === 'mysql') return `${alter} MODIFY ${quoted(look, column)} ${text};`;
  if (look.dialect.name === 'postgres') return `${alter} ALTER COLUMN ${quoted(look, column)} TYPE ${text};`;
  return `create the table anew with the type ${text} there`;
}

function createUnique(look: TableLook, column: string): string {
  const plain = `${look.place.table}_${column}`.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
  return `CREATE UNIQUE INDEX ${plain} ON ${tableName(look)} (${quoted(look, column)});`;
}

function tableName(look: TableLook): string {
  const { schema, table } = look.place;
  return schema === undefined ? quoted(look, table) : `${quoted(look, schema)}.${quoted(look, table)}`;
}

/** Plain names stay as people write them. */
function quoted({ dialect }: TableLook, name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : dialect.quoted(name);
}
