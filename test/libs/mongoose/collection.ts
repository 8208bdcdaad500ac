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
    const after = updated(before, update);
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
  const value = document[field];
  if (value === undefined && sparse) return [];
  if (Array.isArray(value)) return value.length > 0 ? value.map(keyOf) : ['undefined'];
  return [keyOf(value ?? null)];
}

const keyOf = (value: unknown): string => JSON.stringify(value);

function matches(document: Document, filter: Document): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    if (field.startsWith('$') || field.includes('.')) throw unknown(field);
    const values = [document[field]].flat().concat(Array.isArray(document[field]) ? [document[field]] : []);
    if (!isOperators(condition)) return values.some((value) => keyOf(value ?? null) === keyOf(condition));
    return Object.entries(condition).every(([operator, operand]) => {
      if (operator !== '$gt' || typeof operand !== 'string') throw unknown(operator);
      return values.some((value) => typeof value === 'string' && value > operand);
    });
  });
}

function updated(document: Document, update: Document): Document {
  const after = { ...document };
  for (const [operator, fields] of Object.entries(update))
    for (const [field, value] of Object.entries(fields as Document)) {
      if (field.includes('.') || isOperators(value)) throw unknown(field);
      const list = (after[field] ?? []) as unknown[];
      if (operator === '$set') after[field] = value;
      else if (operator === '$addToSet') after[field] = list.includes(value) ? list : [...list, value];
      else if (operator === '$pull') after[field] = list.filter((each) => each !== value);
      else if (operator !== '$setOnInsert') throw unknown(operator); // nothing is upserted
    }
  return after;
}

function isOperators(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith('$'));
}

const unknown = (name: string) => new CommandError(9, `the stand-in doesn't know ${name}`);
