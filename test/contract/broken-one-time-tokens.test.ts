import type { NewOneTimeToken, OneTimeToken } from '../../src';
import { oneTimeTokenStoreContract } from '../../src/testing';
import { MapOneTimeTokens } from '../stores/map-one-time-tokens';
import { brokenPromises, tick } from './broken';
import { runContract } from './run-contract';

describe('a third-party store keeps the contract', () =>
  runContract(oneTimeTokenStoreContract(() => new MapOneTimeTokens())));

test.each<[defect: string, promise: RegExp, Store: new () => MapOneTimeTokens]>([
  [
    'checks and then acts',
    /one of many parallel calls/,
    class extends MapOneTimeTokens {
      override async take(...wanted: [purpose: string, hash: string, options?: { now?: Date }]) {
        const found = await this.find(...wanted);
        await tick();
        if (found) this.tokens.delete(this.place(found));
        return found;
      }
    },
  ],
  [
    'never spends a token',
    /gives a token once/,
    class extends MapOneTimeTokens {
      override take = (...wanted: [purpose: string, hash: string, options?: { now?: Date }]) =>
        this.find(...wanted);
    },
  ],
  [
    'spends a token by finding it',
    /without using it up/,
    class extends MapOneTimeTokens {
      override find = (...wanted: [purpose: string, hash: string, options?: { now?: Date }]) =>
        this.take(...wanted);
    },
  ],
  [
    'forgets the purpose',
    /its own purpose only/,
    class extends MapOneTimeTokens {
      protected override is = (token: OneTimeToken, _purpose: string, hash: string) => token.hash === hash;
    },
  ],
  [
    'keeps the older tokens of a slot',
    /replaces the token of the same/,
    class extends MapOneTimeTokens {
      #count = 0;
      protected override place = (token: OneTimeToken) =>
        [...this.tokens].find(([, each]) => each === token)?.[0] ?? String((this.#count += 1));
    },
  ],
  [
    'replaces in two steps',
    /one of many parallel tokens/,
    class extends MapOneTimeTokens {
      override async create(token: NewOneTimeToken) {
        const { purpose, subject, slot = '' } = token;
        const earlier = [...this.tokens].find(
          ([, each]) => each.purpose === purpose && each.subject === subject && each.slot === slot,
        );
        await tick();
        if (earlier) this.tokens.delete(earlier[0]);
        await super.create(token);
      }
      protected override place = ({ purpose, hash }: OneTimeToken) => JSON.stringify([purpose, hash]);
    },
  ],
  [
    'forgets the slot',
    /slots, purposes and subjects apart/,
    class extends MapOneTimeTokens {
      protected override place = ({ purpose, subject }: OneTimeToken) => JSON.stringify([purpose, subject]);
    },
  ],
  [
    'has one token for all purposes of a subject',
    /slots, purposes and subjects apart/,
    class extends MapOneTimeTokens {
      protected override place = ({ subject, slot }: OneTimeToken) => JSON.stringify([subject, slot]);
    },
  ],
  [
    'joins names with a colon',
    /strange purposes and slots/,
    class extends MapOneTimeTokens {
      protected override place = (token: OneTimeToken) => `${token.subject}:${token.purpose}:${token.slot}`;
    },
  ],
  [
    'tells names apart by their first 100 characters',
    /strange subjects/,
    class extends MapOneTimeTokens {
      override removeAll = async (subject: string, options: { except?: readonly string[] } = {}) => {
        let ended = 0;
        const like = [...this.tokens.values()].filter((each) =>
          each.subject.startsWith(subject.slice(0, 100)),
        );
        for (const name of new Set([subject, ...like.map((each) => each.subject)]))
          ended += await super.removeAll(name, options);
        return ended;
      };
    },
  ],
  [
    'keeps tokens past their expiry',
    /until it expires/,
    class extends MapOneTimeTokens {
      protected override live = (purpose: string, hash: string) => super.live(purpose, hash, new Date(0));
    },
  ],
  [
    'ignores the given time',
    /until it expires/,
    class extends MapOneTimeTokens {
      protected override live = (purpose: string, hash: string) => super.live(purpose, hash, new Date());
    },
  ],
  [
    'keeps tokens for a day at most',
    /a hundred years/,
    class extends MapOneTimeTokens {
      override create = (token: NewOneTimeToken) =>
        super.create({ ...token, expiresInSeconds: Math.min(token.expiresInSeconds, 86_400) });
    },
  ],
  [
    'ends the tokens of all subjects',
    /none of other subjects/,
    class extends MapOneTimeTokens {
      override removeAll = async (subject: string, options: { except?: readonly string[] } = {}) => {
        const ended = await super.removeAll(subject, options);
        this.tokens.clear();
        return ended;
      };
    },
  ],
  [
    'ends all tokens without an exception',
    /except those of some purposes/,
    class extends MapOneTimeTokens {
      override removeAll = (subject: string, _options?: object) => super.removeAll(subject);
    },
  ],
  [
    'counts tokens that had already expired',
    /counts the live tokens/,
    class extends MapOneTimeTokens {
      override removeAll = async (subject: string, options: { except?: readonly string[] } = {}) => {
        const before = this.tokens.size;
        await super.removeAll(subject, options);
        return before - this.tokens.size;
      };
    },
  ],
  [
    'treats an empty string as no data',
    /returns data exactly/,
    class extends MapOneTimeTokens {
      override create = (token: NewOneTimeToken) => super.create({ ...token, data: token.data || undefined });
    },
  ],
  [
    'trims data',
    /returns data exactly/,
    class extends MapOneTimeTokens {
      override create = (token: NewOneTimeToken) => super.create({ ...token, data: token.data?.trim() });
    },
  ],
  [
    'accepts anything',
    /refuses a token that no store can keep/,
    class extends MapOneTimeTokens {
      protected override refuse = () => undefined;
    },
  ],
])('the contract catches a store that %s', async (_defect, promise, Store) => {
  expect(await brokenPromises(oneTimeTokenStoreContract(() => new Store()))).toContainEqual(
    expect.stringMatching(promise),
  );
});
