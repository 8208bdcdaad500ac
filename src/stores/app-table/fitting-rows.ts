import type { FoundRow, KeyMember, Row, Spellings, UserRows } from './user-rows.js';

/**
 * A column may have a character set that knows few characters, such as `latin1` in MySQL, and then a comparison with any other text is an
 * error. No row has such a text, so it finds nobody, and the other spellings of a name are asked for one by one.
 */
export class FittingRows implements UserRows {
  readonly #rows: UserRows;
  readonly #isUnfit: (error: unknown) => boolean;

  /** @param isUnfit whether the error says that a column can't have such a text */
  constructor(rows: UserRows, isUnfit: (error: unknown) => boolean) {
    this.#rows = rows;
    this.#isUnfit = isUnfit;
  }

  async find(member: KeyMember, values: readonly string[]): Promise<FoundRow[]> {
    const found = await this.#unlessUnfit(this.#rows.find(member, values));
    if (found || values.length === 1) return found ?? [];
    return this.#eachOf(values, (value) => this.#rows.find(member, [value]));
  }

  async named(spellings: Spellings): Promise<FoundRow[]> {
    const found = await this.#unlessUnfit(this.#rows.named(spellings));
    if (found) return found;
    const { exact, lowered } = spellings;
    return this.#eachOf([...new Set([...exact, ...lowered])], (text) =>
      this.#rows.named({ exact: [text], lowered: lowered.includes(text) ? [text] : [] }),
    );
  }

  lock(id: string): Promise<FoundRow | undefined> {
    return this.#unlessUnfit(this.#rows.lock(id));
  }

  insert(values: Row): Promise<FoundRow> {
    return this.#rows.insert(values);
  }

  update(id: string, values: Row): Promise<void> {
    return this.#rows.update(id, values);
  }

  remove(id: string): Promise<void> {
    return this.#rows.remove(id);
  }

  page(after: string, limit: number): Promise<FoundRow[]> {
    return this.#rows.page(after, limit);
  }

  /** One after the other, on one connection. */
  async #eachOf(texts: readonly string[], find: (text: string) => Promise<FoundRow[]>): Promise<FoundRow[]> {
    const byId = new Map<string, FoundRow>();
    for (const text of texts)
      for (const row of (await this.#unlessUnfit(find(text))) ?? []) byId.set(row.id, row);
    return [...byId.values()];
  }

  #unlessUnfit<T>(looking: Promise<T>): Promise<T | undefined> {
    return looking.catch((error: unknown) => {
      if (this.#isUnfit(error)) return undefined;
      throw error;
    });
  }
}
