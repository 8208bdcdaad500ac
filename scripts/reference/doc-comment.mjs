/**
 * A doc comment, taken apart.
 * @typedef {object} Doc
 * @property {string} text all that isn't said below, in Markdown
 * @property {string | undefined} byDefault what `Default: …` at its end says
 * @property {string[]} params one line each: `name` and what it is
 * @property {string | undefined} returns
 * @property {string[]} throws
 */

/**
 * @param {string | undefined} comment with its slashes and stars
 * @returns {Doc}
 */
export function parseDoc(comment = '') {
  const body = linked(comment)
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .replaceAll(/^[ \t]*\* ?/gm, '')
    .trim();
  // A tag may begin in the middle of a line: `Ends it. @returns whether …`
  const [text = '', ...tags] = `\n${body}`.split(/(?:^|\s)(?=@(?:param|returns|throws|internal)\b)/);
  /** @param {string} name */
  const tagged = (name) =>
    tags.filter((tag) => tag.startsWith(`@${name}`)).map((tag) => oneLine(tag.slice(name.length + 1)));
  const [, before = text, byDefault] = /^([\s\S]*?)\s*(?:^|\s)Default: ([\s\S]+)$/.exec(text) ?? [];
  return {
    text: before.trim(),
    byDefault: byDefault && oneLine(byDefault).replace(/\.$/, ''),
    params: tagged('param').map((param) => param.replace(/^([\w.]+)/, '`$1`:')),
    returns: tagged('returns')[0],
    throws: tagged('throws'),
  };
}

/** Comments name pages from the root of the repository. @param {string} text */
const linked = (text) => text.replaceAll(/`?docs\/([\w-]+\.md)`?/g, '[docs/$1](../$1)');

/** @param {string} text */
export const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();
