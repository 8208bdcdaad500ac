import type { Document } from './wire';

/** An error that the server answers with. */
export class CommandError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly details: Document = {},
  ) {
    super(message);
  }
}

export interface Index {
  readonly name: string;
  readonly key: Record<string, number>;
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly partialFilterExpression?: Document;
}

/** Documents and their unique indexes. Each method runs whole, as each command on one document does in MongoDB. */
export class Collection {
  #documents: Document[] = [];
  readonly #indexes: Index[] = [{ name: '_id_', key: { _id: 1 }, unique: true }];

  get indexes(): readonly Index[] {
    return this.#indexes;
  }

  find(filter: Document): Document[] {
    return this.#documents.filter((document) => matches(document, filter));
  }

  insert(document: Document): Document {
    this.#assertUnique(document);
    this.#documents.push(document);
    return document;
  }

  /** @returns the document as it was and as it is, if there is one */
  update(filter: Document, update: Document): { before: Document; after: Document } | undefined {
    const [before] = this.find(filter);
    if (!before) return undefined;
    const after = updated(before, update, filter);
    this.#assertUnique(after, before);
    this.#documents[this.#documents.indexOf(before)] = after;
    return { before, after };
  }

  createIndex(index: Index): void {
    const known = this.#indexes.find(({ name }) => name === index.name);
    if (known && JSON.stringify(known) === JSON.stringify(index)) return;
    if (known) throw new CommandError(86, `index ${index.name} exists with other options`);
    for (const document of this.#documents) this.#assertUnique(document, document, [index]);
    this.#indexes.push(index);
  }

  #assertUnique(document: Document, except?: Document, indexes = this.#indexes): void {
    for (const index of indexes) {
      if (!index.unique) continue;
      const keys = new Set(keysOf(document, index));
      const others = this.#documents.filter((other) => other !== except);
      const taken = others.flatMap((other) => keysOf(other, index)).find((key) => keys.has(key));
      if (taken === undefined) continue;
      const [field = ''] = Object.keys(index.key);
      throw new CommandError(
        11000,
        `E11000 duplicate key error collection: test index: ${index.name} dup key: { ${field}: ${taken} }`,
        { keyPattern: index.key, keyValue: { [field]: document[field] } },
      );
    }
  }
}

/** What an index keeps of a document: a key for each entry of an array, and for an empty array one too. */
function keysOf(document: Document, { key, sparse, partialFilterExpression }: Index): string[] {
  const [field = '', ...more] = Object.keys(key);
  if (more.length > 0) throw new CommandError(67, 'the stand-in knows no index of several fields');
  if (partialFilterExpression && !matches(document, partialFilterExpression)) return [];
  if (sparse && document[field] === undefined) return [];
  const values = valuesAt(document, field).filter((value) => !Array.isArray(value));
  return values.length > 0 ? values.map((value) => keyOf(value ?? null)) : ['undefined'];
}

const keyOf = (value: unknown): string => JSON.stringify(value);

/** The values that a path may mean: of each entry of an array, and the array itself. */
function valuesAt(document: Document, path: string): unknown[] {
  const [field = '', ...rest] = path.split('.');
  const value = document[field];
  if (rest.length === 0) return Array.isArray(value) ? [...value, value] : [value];
  const inside = Array.isArray(value) ? value : [value ?? {}];
  return inside.flatMap((each) => valuesAt(each as Document, rest.join('.')));
}

type Operator = (values: unknown[], operand: unknown) => boolean;

const isEqual = (values: unknown[], operand: unknown) =>
  values.some((value) => keyOf(value ?? null) === keyOf(operand));
const isOneOf = (values: unknown[], operand: unknown) =>
  (operand as unknown[]).some((each) => isEqual(values, each));

const OPERATORS: Record<string, Operator> = {
  $gt: (values, operand) => values.some((value) => typeof value === 'string' && value > (operand as string)),
  $ne: (values, operand) => !isEqual(values, operand),
  $in: isOneOf,
  $nin: (values, operand) => !isOneOf(values, operand),
  $elemMatch: (values, operand) =>
    values.some((value) => isDocument(value) && matches(value, operand as Document)),
};

function matches(document: Document, filter: Document): boolean {
  return Object.entries(filter).every(([path, condition]) => {
    if (path.startsWith('$')) throw unknown(path);
    const values = valuesAt(document, path);
    if (!isOperators(condition)) return isEqual(values, condition);
    return Object.entries(condition).every(([name, operand]) => {
      const operator = OPERATORS[name];
      if (!operator) throw unknown(name);
      return operator(values, operand);
    });
  });
}

type Update = (before: unknown, operand: unknown) => unknown;

const UPDATES: Record<string, Update> = {
  $set: (_before, operand) => operand,
  $push: (before, operand) => [...((before ?? []) as unknown[]), operand],
  $addToSet: (before, operand) => {
    const list = (before ?? []) as unknown[];
    return isEqual(list, operand) ? list : [...list, operand];
  },
  $pull: (before, operand) =>
    ((before ?? []) as unknown[]).filter((each) =>
      isDocument(operand) ? !matches(each as Document, operand) : !isEqual([each], operand),
    ),
};

function updated(document: Document, update: Document, filter: Document): Document {
  const after = { ...document };
  for (const [name, fields] of Object.entries(update)) {
    if (name === '$setOnInsert') continue; // nothing is upserted
    const change = UPDATES[name];
    if (!change) throw unknown(name);
    for (const [path, operand] of Object.entries(fields as Document)) {
      const [field = '', position, member = '', ...more] = path.split('.');
      if (position === undefined) after[field] = change(after[field], operand);
      else if (position === '$' && more.length === 0)
        after[field] = withFirst(after[field] as Document[], filter[field], (each) => ({
          ...each,
          [member]: change(each[member], operand),
        }));
      else throw unknown(path);
    }
  }
  return after;
}

/** `$` is the first entry that the filter has found. */
function withFirst(list: Document[], found: unknown, change: (one: Document) => Document): Document[] {
  const first = list.findIndex((each) => matches({ list: [each] }, { list: found }));
  return list.map((each, n) => (n === first ? change(each) : each));
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOperators(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith('$'));
}

const unknown = (name: string) => new CommandError(9, `the stand-in doesn't know ${name}`);
