// A separate process that only compares passwords, one after the other.
import bcrypt from 'bcryptjs';
import { answerCalls } from './child.mjs';
import { COST, PASSWORD } from './shared-settings.mjs';

const hash = bcrypt.hashSync(PASSWORD, COST);

answerCalls('ready', {
  /** @param {number} milliseconds @returns {number} comparisons a second */
  measure(milliseconds) {
    const startedAt = performance.now();
    let count = 0;
    while (performance.now() < startedAt + milliseconds) {
      bcrypt.compareSync(PASSWORD, hash);
      count += 1;
    }
    return (count / (performance.now() - startedAt)) * 1000;
  },
});
