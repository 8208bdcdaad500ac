import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Collection, CommandError, type Index } from './collection';
import mongoose from 'mongoose';
import { commandOf, replyTo, type Document } from './wire';

/** Each command waits a random moment, so that those of several connections overtake each other. */
const SHUFFLE_MS = 3;
/** Members of a command that change nothing here. */
const IGNORED = new Set([
  ...[
    '$db',
    'lsid',
    'txnNumber',
    '$readPreference',
    '$clusterTime',
    'readConcern',
    'writeConcern',
    'ordered',
  ],
  ...['limit', 'singleBatch', 'batchSize', 'remove', 'upsert', 'bypassDocumentValidation'],
]);

/**
 * Stands in for a MongoDB server, which no registry has: it speaks MongoDB's wire protocol, so Mongoose and MongoDB's driver are the real
 * ones. It knows the commands and operators of docs/mongoose.md, and answers any other with an error.
 */
export class MongoStandIn {
  readonly #collections = new Map<string, Collection>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #thawed = Promise.resolve();
  #thaw = () => {};

  get url(): string {
    return `mongodb://127.0.0.1:${this.#port}/test`;
  }

  /** Later calls use the same port and find the documents. */
  async start(): Promise<this> {
    this.#server = createServer((socket) => this.#accept(socket)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server as Server, 'close');
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Connections stay open, and nothing is answered until `thaw`. */
  freeze(): void {
    this.#thawed = new Promise((resolve) => (this.#thaw = resolve));
  }

  thaw(): void {
    this.#thaw();
  }

  #accept(socket: Socket): void {
    let received = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        void this.#answer(message).then((reply) => socket.destroyed || socket.write(reply));
      }
    });
  }

  async #answer(message: Buffer): Promise<Buffer> {
    await sleep(Math.random() * SHUFFLE_MS);
    await this.#thawed;
    try {
      return replyTo(message, { ...this.#run(commandOf(message)), ok: 1 });
    } catch (error) {
      const { code = 8, message: errmsg, details = {} } = error as CommandError;
      return replyTo(message, { ok: 0, code, errmsg, ...details });
    }
  }

  #run({ ...command }: Document): Document {
    const [name = ''] = Object.keys(command);
    if (['hello', 'ismaster', 'isMaster'].includes(name)) return GREETING;
    if (['ping', 'endSessions'].includes(name)) return {};
    const collection = this.#collection(String(command[name]));
    const known = KNOWN[name];
    if (!known) throw new CommandError(59, `the stand-in has no command ${name}`);
    for (const member of Object.keys(command))
      if (member !== name && !known.members.includes(member) && !IGNORED.has(member))
        throw new CommandError(9, `the stand-in knows no ${member} of ${name}`);
    return known.run(collection, command);
  }

  #collection(name: string): Collection {
    const found = this.#collections.get(name) ?? new Collection();
    this.#collections.set(name, found);
    return found;
  }
}

const GREETING = {
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 25,
};

interface Command {
  readonly members: readonly string[];
  run(collection: Collection, command: Document): Document;
}

const KNOWN: Record<string, Command> = {
  createIndexes: {
    members: ['indexes'],
    run(collection, { indexes }) {
      for (const index of indexes as Index[]) collection.createIndex(index);
      return {};
    },
  },
  listIndexes: {
    members: ['cursor'],
    run: (collection) => ({ cursor: cursorOf(collection.indexes) }),
  },
  find: {
    members: ['filter', 'projection'],
    run: (collection, { filter }) => ({ cursor: cursorOf(collection.find(filter as Document)) }),
  },
  insert: {
    members: ['documents'],
    run: (collection, { documents }) => written(documents as Document[], (each) => collection.insert(each)),
  },
  update: {
    members: ['updates'],
    run: (collection, { updates }) =>
      written(updates as Document[], ({ q, u }) => collection.update(q as Document, u as Document)),
  },
  findAndModify: {
    members: ['query', 'update', 'new', 'fields'],
    run(collection, { query, update, new: isNew }) {
      const changed = collection.update(query as Document, update as Document);
      const value = (isNew ? changed?.after : changed?.before) ?? null;
      return { value, lastErrorObject: { n: changed ? 1 : 0, updatedExisting: Boolean(changed) } };
    },
  },
};

const cursorOf = (firstBatch: readonly unknown[]) => ({
  id: mongoose.mongo.Long.ZERO,
  ns: 'test',
  firstBatch,
});

function written(all: Document[], write: (one: Document) => unknown): Document {
  let n = 0;
  for (const [index, one] of all.entries()) {
    try {
      if (write(one)) n += 1;
    } catch (error) {
      const { code, message: errmsg, details } = error as CommandError;
      return { n, writeErrors: [{ index, code, errmsg, ...details }] };
    }
  }
  return { n, nModified: n };
}
