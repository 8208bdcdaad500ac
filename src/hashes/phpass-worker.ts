import { compareSync } from 'bcryptjs';
import { createHash, createHmac } from 'node:crypto';
import { equalInConstantTime } from '../utils/equal-in-constant-time.js';

const DIGITS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export type PhpassTask =
  | { scheme: 'portable'; password: string; rounds: number; salt: string; digest: string }
  | { scheme: 'wordpress'; password: string; hash: string };

/** Checks one password, in a thread of its own. */
export default function work(task: PhpassTask): boolean {
  return task.scheme === 'wordpress'
    ? compareSync(wordpressDigest(task.password), task.hash)
    : equalInConstantTime(encode(portableDigest(task.password, task.salt, task.rounds)), task.digest);
}

function wordpressDigest(password: string): string {
  return createHmac('sha384', 'wp-sha384').update(password).digest('base64');
}

function portableDigest(password: string, salt: string, rounds: number): Buffer {
  const secret = Buffer.from(password);
  const md5 = (bytes: Buffer) =>
    createHash('md5')
      .update(Buffer.concat([bytes, secret]))
      .digest();
  let digest = md5(Buffer.from(salt));
  for (let round = 0; round < rounds; round += 1) digest = md5(digest);
  return digest;
}

/** Six bits a character, the lowest first. */
function encode(bytes: Buffer): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 3) {
    const group = bytes.subarray(start, start + 3);
    const value = group.readUIntLE(0, group.length);
    for (let index = 0; index <= group.length; index += 1) text += DIGITS.charAt((value >> (6 * index)) & 63);
  }
  return text;
}
