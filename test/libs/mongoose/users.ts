import mongoose, { isObjectIdOrHexString, type InferSchemaType, type QueryFilter } from 'mongoose';
import { AuthError, newUsername, UsernameTakenError, usernameKey } from 'passport-visa';
import type { NewUser, StoredUser, UserStore } from 'passport-visa';

const schema = new mongoose.Schema({
  email: { type: String, required: true },
  emailKey: { type: String, unique: true, sparse: true }, // the same for each spelling of the address
  passwordHash: { type: String, default: null },
  roles: [String],
  disabled: { type: Boolean, default: false },
  identities: [String], // see below
});
// Only lists that have an entry: an empty one counts as a value too, and only one user could have it.
schema.index({ identities: 1 }, { unique: true, partialFilterExpression: { identities: { $gt: '' } } });
schema.pre('save', function () {
  this.emailKey = usernameKey(this.email);
});
export const Account = mongoose.model('Account', schema);

type Fields = InferSchemaType<typeof schema>;
type Filter = QueryFilter<Fields>;

export class AccountStore implements UserStore {
  findByUsername(username: string) {
    return this.one({ emailKey: usernameKey(username) });
  }
  async findById(id: string) {
    return isObjectIdOrHexString(id) ? this.one({ _id: id }) : undefined;
  }
  create(user: NewUser) {
    return this.insert(user);
  }
  updatePasswordHash(id: string, next: string, previous: string | null) {
    return this.change(id, { passwordHash: previous }, { $set: { passwordHash: next } });
  }
  async updateUsername(id: string, next: string, previous: string) {
    const email = newUsername(next);
    return this.change(id, { email: previous }, { $set: { email, emailKey: usernameKey(email) } });
  }
  async ready() {
    const { toCreate } = await inTime(Account.diffIndexes());
    if (toCreate.length > 0) throw new Error('an index is missing: run await Account.createIndexes()');
  }

  protected async insert({ username, passwordHash, roles = [] }: NewUser, identities: string[] = []) {
    const account = { email: newUsername(username), passwordHash, roles, identities };
    return toUser(await inTime(Account.insertOne(account)));
  }
  protected async one(filter: Filter) {
    const found = await inTime(Account.findOne(filter).read('primary').lean());
    return found ? toUser(found) : undefined;
  }
  /** One step: the filter names the old value, so of several calls at once only one finds the document. */
  protected async change(id: string, filter: Filter, update: mongoose.UpdateQuery<Fields>) {
    if (!isObjectIdOrHexString(id)) return false;
    return (await inTime(Account.findOneAndUpdate({ ...filter, _id: id }, update).lean())) !== null;
  }
}

function toUser(account: Fields & { _id: mongoose.Types.ObjectId }): StoredUser {
  const { _id, email, passwordHash = null, roles, disabled } = account;
  return { id: _id.toString(), username: email, passwordHash, roles: [...roles], disabled };
}

const { MongoNetworkError, MongoServerError, MongoServerSelectionError } = mongoose.mongo;

export async function inTime<T>(call: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MongoNetworkError('no answer within a second')), 1000);
  });
  try {
    return await Promise.race([call, late]);
  } catch (error) {
    if (error instanceof MongoServerError && error.code === 11000)
      throw new UsernameTakenError({ cause: error });
    const isOutage =
      error instanceof MongoNetworkError ||
      error instanceof MongoServerSelectionError ||
      (error instanceof MongoServerError && error.hasErrorLabel('RetryableWriteError')); // a new primary
    throw isOutage ? new AuthError('SERVICE_UNAVAILABLE', { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}
