import { createHmac, randomBytes, type KeyObject } from 'node:crypto';

const BYTES = 17;
/** 132 random bits in base64url. */
const CHARACTERS = 22;

/** A new id of a session. It begins with no dash, because on a command line it would look like an option. */
export function newSessionId(): string {
  const id = randomBytes(BYTES).toString('base64url').slice(0, CHARACTERS);
  return id.startsWith('-') ? newSessionId() : id;
}

/**
 * The id of a session that the same parts find again. Without the key no one can tell it. It has as many bits as a random one.
 * @param parts texts of which none but the last may contain a line break
 * @param hasEnded whether a session with this id has ended: ids are never used again
 */
export function derivedSessionId(
  key: KeyObject,
  parts: readonly string[],
  hasEnded: (id: string) => boolean,
): string {
  for (let round = 0; ; round += 1) {
    const content = [`passport-visa session ${round}`, ...parts].join('\n');
    const id = createHmac('sha256', key).update(content).digest('base64url').slice(0, CHARACTERS);
    if (!id.startsWith('-') && !hasEnded(id)) return id;
  }
}
