import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;
const [OP_REPLY, OP_QUERY, OP_MSG] = [1, 2004, 2013];
const HEADER = 16;

export type Document = Record<string, unknown>;

/** The command in a message of MongoDB's wire protocol: OP_QUERY, with which a driver begins, or OP_MSG. */
export function commandOf(message: Buffer): Document {
  const code = message.readInt32LE(12);
  if (code === OP_QUERY) return documentAt(message, message.indexOf(0, HEADER + 4) + 1 + 8);
  if (code !== OP_MSG) throw new Error(`no message of this kind is known: ${code}`);
  const command: Document = {};
  for (let at = HEADER + 4; at < message.length;) {
    const kind = message[at];
    const size = message.readInt32LE(at + 1);
    if (kind === 0) Object.assign(command, documentAt(message, at + 1));
    else Object.assign(command, sequenceAt(message, at + 5, at + 1 + size));
    at += 1 + size;
  }
  return command;
}

/** What the client gets for its message. */
export function replyTo(message: Buffer, answer: Document): Buffer {
  const isQuery = message.readInt32LE(12) === OP_QUERY;
  const document = BSON.serialize(answer);
  const before = Buffer.alloc(isQuery ? HEADER + 20 : HEADER + 5);
  before.writeInt32LE(before.length + document.length, 0);
  before.writeInt32LE(message.readInt32LE(4), 8); // the request that this answers
  before.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  if (isQuery) before.writeInt32LE(1, HEADER + 16); // one document
  return Buffer.concat([before, document]);
}

function documentAt(message: Buffer, at: number): Document {
  return BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)));
}

/** The documents of an insert or of an update. */
function sequenceAt(message: Buffer, from: number, end: number): Document {
  const nameEnd = message.indexOf(0, from);
  const documents: Document[] = [];
  for (let at = nameEnd + 1; at < end; at += message.readInt32LE(at)) documents.push(documentAt(message, at));
  return { [message.toString('utf8', from, nameEnd)]: documents };
}
