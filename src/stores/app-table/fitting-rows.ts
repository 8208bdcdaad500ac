import { unfitPage } from '../list-users-options.js';
import type { FittingQueries } from './fitting-queries.js';
import type { FoundRow, KeyMember, Row, Spellings, UserRows } from './user-rows.js';

/** A text that the column can't hold finds nobody, and the other spellings of a name are asked for one by one. */
export class FittingRows implements UserRows {
  readonly #rows: UserRows;
  readonly #fitting: FittingQueries;

  constructor(rows: UserRows, fitting: FittingQueries) {
    this.#rows = rows;
    this.#fitting = fitting;
  }

  async find(member: KeyMember, values: readonly string[]): Promise<FoundRow[]> {
    const found = await this.#fitting.unlessUnfit(values, () => this.#rows.find(member, values));
    if (found || values.length === 1) return found ?? [];
    return this.#eachOf(values, (value) => this.#rows.find(member, [value]));
  }

  async named(spellings: Spellings): Promise<FoundRow[]> {
    const { exact, lowered } = spellings;
    const texts = [...new Set([...exact, ...lowered])];
    const found = await this.#fitting.unlessUnfit(texts, () => this.#rows.named(spellings));
    if (found) return found;
    return this.#eachOf(texts, (text) =>
      this.#rows.named({ exact: [text], lowered: lowered.includes(text) ? [text] : [] }),
    );
  }

  lock(id: string): Promise<FoundRow | undefined> {
    return this.#fitting.unlessUnfit([id], () => this.#rows.lock(id));
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

  /** @throws TypeError for a username that can't have been on the page before */
  async page(after: string, limit: number): Promise<FoundRow[]> {
    const found = await this.#fitting.unlessUnfit([after], () => this.#rows.page(after, limit));
    if (found) return found;
    throw unfitPage();
  }

  /** One after the other, on one connection. */
  async #eachOf(texts: readonly string[], find: (text: string) => Promise<FoundRow[]>): Promise<FoundRow[]> {
    const byId = new Map<string, FoundRow>();
    for (const text of texts)
      for (const row of (await this.#fitting.unlessUnfit([text], () => find(text))) ?? [])
        byId.set(row.id, row);
    return [...byId.values()];
  }
}
