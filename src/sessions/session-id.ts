import { randomBytes } from 'node:crypto';

const BYTES = 17;
/** 132 random bits in base64url. */
const CHARACTERS = 22;

/** A new id of a session. It begins with no dash, because on a command line it would look like an option. */
export function newSessionId(): string {
  const id = randomBytes(BYTES).toString('base64url').slice(0, CHARACTERS);
  return id.startsWith('-') ? newSessionId() : id;
}
