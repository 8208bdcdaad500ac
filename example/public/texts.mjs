// The language of the page: the browser's, until another one is chosen, which the browser then remembers.
import { en } from './texts/en.mjs';
import { ko } from './texts/ko.mjs';

/** @typedef {keyof typeof en} TextKey */
/** @typedef {keyof typeof LANGUAGES} Language */

const LANGUAGES = { en, ko };
const STORAGE_KEY = 'language';

let current = remembered() ?? preferred();

export function language() {
  return current;
}

/** The one that the language button offers. @returns {Language} */
export function otherLanguage() {
  return current === 'en' ? 'ko' : 'en';
}

/** @param {Language} next */
export function chooseLanguage(next) {
  current = next;
  try {
    localStorage.setItem(STORAGE_KEY, next);
  } catch {
    // A browser without storage: the choice lasts until the page is closed.
  }
}

/**
 * @param {TextKey} key
 * @param {Record<string, string>} [values] for the {names} in the text
 */
export function t(key, values = {}) {
  return LANGUAGES[current][key].replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** @param {string} key @returns {key is TextKey} */
export function hasText(key) {
  return Object.hasOwn(en, key);
}

/** @returns {Language | undefined} */
function remembered() {
  try {
    return known(localStorage.getItem(STORAGE_KEY));
  } catch {
    return undefined;
  }
}

/** @returns {Language} */
function preferred() {
  return navigator.languages.map((tag) => known(tag.slice(0, 2))).find(Boolean) ?? 'en';
}

/** @param {string | null} name @returns {Language | undefined} */
function known(name) {
  return name !== null && Object.hasOwn(LANGUAGES, name) ? /** @type {Language} */ (name) : undefined;
}
