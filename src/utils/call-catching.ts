import { asError } from './as-error.js';
import { isPromise } from './is-promise.js';

type Next = (error?: unknown) => unknown;

/**
 * Calls a callback from a promise, where an error that it throws, or rejects with, would end the process: the error goes to
 * `fail` instead, once. If `fail` throws too, there is nothing left that could answer, and the process gets a warning.
 * @param fail `next`, the `error` of a strategy, or the like
 */
export function callCatching(call: () => unknown, fail: Next): void {
  try {
    watch(call(), fail);
  } catch (thrown) {
    failWith(thrown, fail);
  }
}

/** `next` for code that runs in a promise: it never throws. What `next` throws, or rejects with, it gets as an error. */
export function catchingNext(next: Next): Next {
  return (error) => {
    try {
      watch(error === undefined ? next() : next(error), next);
    } catch (thrown) {
      failWith(thrown, next);
    }
  };
}

function watch(returned: unknown, fail: Next): void {
  if (isPromise(returned)) returned.then(undefined, (thrown: unknown) => failWith(thrown, fail));
}

function failWith(thrown: unknown, fail: Next): void {
  try {
    const returned = fail(asError(thrown));
    if (isPromise(returned)) returned.then(undefined, warn);
  } catch (again) {
    warn(again);
  }
}

function warn(error: unknown): void {
  process.emitWarning(
    `A callback failed with the error of its first call: ${String(error)}`,
    'PassportVisaWarning',
  );
}
