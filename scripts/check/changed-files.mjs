// Which files have changed, and which others ESLint must judge again because of them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const CACHE = 'node_modules/.cache/check';

const LINTED = /^(?!bench\/node_modules).*\.(ts|mts|cts|js|mjs|cjs)$/;
/** A change here can turn any file red. */
const DECIDES_LINT = /^(eslint\.config\.mjs|tsconfig\.json|package-lock\.json)$/;

/**
 * What has changed and is not committed; without that, what has been committed since `origin/main`; without that, in the last
 * commit. So there is always something to check.
 *
 * @param {string} [since] a commit to compare with instead
 */
export function changedFiles(since) {
  const uncommitted = [...changedSince('HEAD'), ...lines('ls-files', '--others', '--exclude-standard')];
  const choices = since !== undefined ? [since] : ['HEAD', mergeBase(), 'HEAD~1'];
  for (const commit of choices) {
    if (commit === undefined) continue;
    const files = [...new Set([...changedSince(commit), ...uncommitted])];
    if (files.length > 0) return { files, since: commit === 'HEAD' ? 'uncommitted' : `since ${commit}` };
  }
  return { files: [], since: `since ${choices.at(-1)}` };
}

/** @param {string} commit */
function changedSince(commit) {
  return lines('diff', '--name-only', '--no-renames', commit, '--');
}

/** The commit of origin/main that this branch grew from; undefined without such a branch, as in a fresh repository. */
function mergeBase() {
  try {
    return lines('merge-base', 'HEAD', 'origin/main')[0]?.slice(0, 10);
  } catch {
    return undefined;
  }
}

/** @param {string[]} args of git */
function lines(...args) {
  const output = execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return output.split('\n').filter(Boolean);
}

/**
 * The changed files and the files that import them: a function that becomes async makes its callers wrong.
 *
 * @param {string[]} changed
 * @returns {{ lint: string[], note: string }}
 */
export function filesToLint(changed) {
  if (changed.some((file) => DECIDES_LINT.test(file))) return { lint: ['.'], note: 'all files' };
  const own = changed.filter((file) => LINTED.test(file) && existsSync(file));
  const importers = importersOf(changed);
  const lint = [...new Set([...own, ...importers])];
  // ESLint without a file would judge none and complain.
  if (lint.length === 0) return { lint: ['eslint.config.mjs'], note: 'no code has changed' };
  return { lint, note: `${own.length} changed, ${lint.length - own.length} that import them` };
}

/** @param {string[]} changed */
function importersOf(changed) {
  const names = new Set(changed.map(withoutExtension));
  const sources = lines('ls-files', '*.ts', '*.mts').filter((file) => existsSync(file));
  return sources.filter((file) =>
    importsOf(file).some((each) => names.has(each) || names.has(`${each}/index`)),
  );
}

/** @param {string} file */
function importsOf(file) {
  const specifiers = readFileSync(file, 'utf8').matchAll(/(?:from|import|import\() ?'(\.[^']*)'/g);
  return Array.from(specifiers, ([, specifier = '']) =>
    withoutExtension(path.join(path.dirname(file), specifier)),
  );
}

/** @param {string} file */
function withoutExtension(file) {
  return file.replace(/\.m?[jt]s$/, '');
}
