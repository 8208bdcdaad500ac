import mongoose, { isObjectIdOrHexString, type InferSchemaType, type QueryFilter } from 'mongoose';
import { AuthError, newUsername, UsernameTakenError, usernameKey } from 'passport-visa';
import type { NewUser, StoredUser, UserStore } from 'passport-visa';

const schema = new mongoose.Schema({
  email: { type: String, required: true },
  emailKey: { type: String, unique: true, sparse: true }, // the same for each spelling of the address
  passwordHash: { type: String, default: null },
  roles: [String],
  disabled: { type: Boolean, default: false },
  identities: [String], // for logins by other providers, see below
  credentials: [
    // for second factors, passkeys and e-mail accounts, see below
    new mongoose.Schema(
      { key: String, kind: String, id: String, data: String, createdAt: Date },
      { _id: false, id: false },
    ),
  ],
});
// Only lists that have an entry: an empty one counts as a value too, and only one user could have it.
for (const path of ['identities', 'credentials.key'])
  schema.index({ [path]: 1 }, { unique: true, partialFilterExpression: { [path]: { $gt: '' } } });
schema.pre('save', function () {
  this.emailKey = usernameKey(this.email);
});
export const Account = mongoose.model('Account', schema);

export type Fields = InferSchemaType<typeof schema>;
export type Row = Fields & { _id: mongoose.Types.ObjectId };
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
  async updatePasswordHash(id: string, next: string, previous: string | null) {
    return (await this.change(id, { passwordHash: previous }, { $set: { passwordHash: next } })) !== null;
  }
  async updateUsername(id: string, next: string, previous: string) {
    const email = newUsername(next);
    const names = { email, emailKey: usernameKey(email) };
    return (await this.change(id, { email: previous }, { $set: names })) !== null;
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
    const found = await this.row(filter);
    return found ? toUser(found) : undefined;
  }
  protected async row(filter: Filter): Promise<Row | null> {
    return inTime(Account.findOne(filter).read('primary').lean());
  }
  /**
   * One step: the filter names the old value, so of several calls at once only one finds the document.
   * @returns the document as it was before
   */
  protected async change(
    id: string,
    filter: Filter,
    update: mongoose.UpdateQuery<Fields>,
  ): Promise<Row | null> {
    if (!isObjectIdOrHexString(id)) return null;
    return inTime(Account.findOneAndUpdate({ ...filter, _id: id }, update).lean());
  }
}

function toUser({ _id, email, passwordHash = null, roles, disabled }: Row): StoredUser {
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
