import { ELSEWHERE } from './pages.mjs';
import { anchorOf, GENERATED, list, wrap } from './markdown.mjs';

/** @typedef {import('./declarations.mjs').Member} Member */

/**
 * docs/reference/options.md
 * @param {Map<string, import('./declarations.mjs').Declaration>} exported
 */
export function optionsPage(exported) {
  const { doc, members } = /** @type {import('./declarations.mjs').Declaration} */ (
    exported.get('AuthOptions')
  );
  const options = flat(members, exported);
  const contents = options
    .filter(({ option }) => option.members.length === 0)
    .map(({ path }) => `[\`${path}\`](#${anchorOf(path)})`);
  return [
    GENERATED,
    '# Options',
    `All options of \`createAuth\`. Only \`users\`, \`refreshTokens\` and the two secrets are required.`,
    wrap(doc.text),
    wrap(
      "**Units.** A `Duration` is a whole number of seconds, or a text with a unit: `'30s'`, `'15m'`, `'3h'`, `'30d'`. A text without a unit is an error.",
    ),
    wrap(contents.join(' · ')),
    ...options.map((each) => section(each, exported)),
  ].join('\n\n');
}

/**
 * The options with those inside of them, in order.
 * @param {Member[]} members
 * @param {Map<string, import('./declarations.mjs').Declaration>} exported
 * @param {string} prefix
 * @returns {{ path: string, option: Member }[]}
 */
function flat(members, exported, prefix = '') {
  return members.flatMap((member) => {
    const path = prefix + member.name;
    const type = member.signature.replace(/^.*: /, '');
    const group = ELSEWHERE.includes(type) ? exported.get(type) : undefined;
    const option = group ? { ...member, members: group.members } : member;
    return [{ path, option }, ...flat(option.members, exported, `${path}.`)];
  });
}

/**
 * @param {{ path: string, option: Member }} each
 * @param {Map<string, unknown>} exported
 */
function section({ path, option }, exported) {
  const { doc, isMethod, isOptional, members, name, signature } = option;
  const heading = `${path.includes('.') ? '###' : '##'} ${path}`;
  if (members.length > 0) return [heading, wrap(doc.text)].join('\n\n');
  const type = isMethod
    ? signature.slice(name.length).replace(/^\??\((.*)\): /, '($1) => ')
    : signature.slice(signature.indexOf(':', name.length) + 1).trim();
  const shown = type.replace(/ \| undefined$/, '').replace(/^readonly (\w+)\[\]$/, '$1[]');
  const links = [...new Set(shown.match(/\w+/g))]
    .filter((each) => exported.has(each))
    .map((each) => `[${each}](auth.md#${anchorOf(each)})`);
  const facts = [
    `Type: \`${shown}\`${links.length > 0 ? `, see ${links.join(', ')}` : ''}`,
    isOptional ? `Default: ${doc.byDefault ?? missing(path)}` : 'Required',
    ...doc.throws.map((each) => `Throws: ${each}`),
  ];
  return [heading, wrap(doc.text || missing(path)), list(facts)].join('\n\n');
}

/** @param {string} option @returns {never} */
function missing(option) {
  throw new Error(`The doc comment of the option ${option} lacks what it does, or its "Default: …"`);
}
