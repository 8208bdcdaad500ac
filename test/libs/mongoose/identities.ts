import { isObjectIdOrHexString } from 'mongoose';
import { UsernameTakenError, type Identity, type IdentityStore, type NewUser } from 'passport-visa';
import { AccountStore } from './users.js';

export class LinkedAccountStore extends AccountStore implements IdentityStore {
  async findByIdentity(identity: Identity) {
    return this.one({ identities: textOf(identity) });
  }
  async findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>) {
    const known = await this.findByIdentity(identity);
    if (known) return known;
    try {
      return await this.insert({ ...user, passwordHash: null }, [textOf(identity)]);
    } catch (error) {
      // Perhaps another call was first with the identity.
      const created = error instanceof UsernameTakenError && (await this.findByIdentity(identity));
      if (created) return created;
      throw error;
    }
  }
  async link(userId: string, identity: Identity) {
    try {
      return (await this.change(userId, {}, { $addToSet: { identities: textOf(identity) } })) !== null;
    } catch (error) {
      if (error instanceof UsernameTakenError) return false; // the index: it's another user's identity
      throw error;
    }
  }
  async unlink(userId: string, identity: Identity) {
    const text = textOf(identity);
    return (await this.change(userId, { identities: text }, { $pull: { identities: text } })) !== null;
  }
  async listIdentities(userId: string) {
    const row = isObjectIdOrHexString(userId) ? await this.row({ _id: userId }) : null;
    return (row?.identities ?? []).map(identityOf);
  }
}

function textOf({ issuer, subject }: Identity): string {
  for (const part of [issuer, subject] as unknown[])
    if (typeof part !== 'string' || part === '' || part.includes('\0') || !part.isWellFormed())
      throw new TypeError('an identity needs the texts issuer and subject');
  return JSON.stringify([issuer, subject]);
}

function identityOf(text: string): Identity {
  const [issuer = '', subject = ''] = JSON.parse(text) as string[];
  return { issuer, subject };
}
