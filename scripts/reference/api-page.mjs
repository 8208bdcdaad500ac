import { anchorOf, facts, GENERATED, list, wrap } from './markdown.mjs';

/** @typedef {import('./declarations.mjs').Declaration} Declaration */
/** @typedef {import('./declarations.mjs').Member} Member */

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {string} text
 * @property {{ title: string, names: string[] }[]} parts which exports are on the page, in this order
 * @property {Record<string, string>} calledAs exports whose members get headings, and what is before the dot there:
 *   `{ Auth: 'auth' }`
 * @property {string[]} hidden members that only this package calls: `AuthEvents.announce`
 */

/** Names in types that readers know from elsewhere. */
const KNOWN_TYPES = new Set(
  'Promise Readonly Record Pick Omit Partial Date Uint8Array KeyObject Request Express User Answer Data'.split(
    ' ',
  ),
);

/**
 * A page about exports.
 * @param {Page} page
 * @param {Map<string, Declaration>} exported
 */
export function apiPage({ title, text, parts, calledAs, hidden }, exported) {
  const onPage = new Set(parts.flatMap(({ names }) => names));
  const contents = parts.map(({ title: part, names }) =>
    wrap(`**${part}**: ${names.map(linkTo).join(' · ')}`),
  );
  const sections = parts.flatMap(({ names }) => names.map((name) => sectionOf(name).join('\n\n')));
  return [GENERATED, `# ${title}`, wrap(text), ...contents, ...sections].join('\n\n');

  /** @param {string} name */
  function headingOf(name) {
    return calledAs[name]?.includes('.') ? calledAs[name] : name;
  }

  /** @param {string} name */
  function linkTo(name) {
    return `[${headingOf(name)}](#${anchorOf(headingOf(name))})`;
  }

  /** The exports that a type names. @param {string} type @param {string} owner */
  function linksIn(type, owner) {
    const names = [...new Set(type.replaceAll(/'[^']*'/g, '').match(/\w+/g))];
    return names.filter((name) => onPage.has(name) && name !== owner).map(linkTo);
  }

  /** @param {string} name */
  function sectionOf(name) {
    const declaration = exported.get(name);
    if (!declaration)
      throw new Error(`Nothing exports ${name}, which scripts/reference/pages.mjs puts on a page`);
    const { kind, doc, signature, parents } = declaration;
    const heirOf = parents
      .map((parent) => /^\w+/.exec(parent)?.[0] ?? '')
      .filter((parent) => onPage.has(parent));
    const members = ownMembers(declaration, heirOf);
    const text = [doc.text, ...[...defaultOf(doc), ...facts(doc)].map(sentence)].join(' ').trim();
    const inherits = `Has the members of ${heirOf.map(linkTo).join(' and ')}${members.length > 0 ? ', and these:' : '.'}`;
    const listed = members.length > 0 && !calledAs[name];
    return [
      `## ${headingOf(name)}`,
      ...(isTelling(declaration) ? [`\`${kind === 'const' ? `${name}: ` : ''}${signature}\``] : []),
      ...(text === '' ? [] : [wrap(text)]),
      ...(heirOf.length > 0 ? [inherits] : listed && /^- /m.test(text) ? ['Members:'] : []),
      ...(listed ? [members.map((each) => itemOf(each, name)).join('\n')] : []),
      ...(calledAs[name] ? members.flatMap((each) => headed(each, calledAs[name] ?? '', name)) : []),
    ];
  }

  /**
   * A class repeats the members of its interfaces without their comments.
   * @param {Declaration} declaration
   * @param {string[]} heirOf
   */
  function ownMembers({ name: owner, members }, heirOf) {
    const inherited = new Set(
      heirOf.flatMap((parent) => exported.get(parent)?.members.map(({ name }) => name) ?? []),
    );
    return members
      .filter(({ name }) => name === 'constructor' || !inherited.has(name))
      .filter(({ name }) => !hidden.includes(`${owner}.${name}`));
  }

  /** Whether the signature says something to readers who see only what is exported. @param {Declaration} declaration */
  function isTelling({ kind, signature }) {
    if (kind === 'function') return true;
    if (kind === 'interface' || kind === 'class' || /\btypeof\b|\bin\b/.test(signature)) return false;
    const names = signature.replaceAll(/'[^']*'/g, '').match(/\b[A-Z]\w+/g) ?? [];
    return names.every((name) => KNOWN_TYPES.has(name) || exported.has(name));
  }

  /**
   * A member under a heading of its own.
   * @param {Member} member
   * @param {string} value what is before the dot
   * @param {string} owner
   * @returns {string[]}
   */
  function headed({ name, signature, doc, members, isMethod }, value, owner) {
    if (members.length > 0 && !isMethod)
      return [
        `### ${value}.${name}`,
        wrap(doc.text),
        ...members.flatMap((each) => headed(each, `${value}.${name}`, owner)),
      ];
    const isCall = isMethod || /^\w+: (\(|typeof fetch)/.test(signature);
    const isNew = name === 'constructor';
    const links = linksIn(signature, owner);
    const items = [
      ...defaultOf(doc),
      ...facts(doc),
      ...(links.length > 0 ? [`See ${links.join(', ')}`] : []),
    ];
    return [
      `### ${isNew ? `new ${owner}` : `${value}.${name}`}${isCall ? '()' : ''}`,
      `\`${isNew ? signature.replace(name, `new ${owner}`) : signature}\``,
      ...(doc.text ? [wrap(doc.text)] : []),
      ...(items.length > 0 ? [list(items)] : []),
    ];
  }
}

/**
 * A member as an item of a list.
 * @param {Member} member
 * @param {string} owner
 * @returns {string}
 */
function itemOf({ name, signature, doc, members, isMethod }, owner) {
  const isGroup = members.length > 0 && !isMethod;
  const whole = name === 'constructor' ? signature.replace(name, `new ${owner}`) : signature;
  const shown = isGroup ? signature.slice(0, signature.indexOf(':')) : whole;
  const said = [doc.text, ...defaultOf(doc).map(sentence), ...facts(doc).map(sentence)].join(' ').trim();
  const inner = isGroup ? members.map((each) => `\n  ${itemOf(each, owner).replaceAll('\n', '\n  ')}`) : [];
  return wrap(`- \`${shown}\` ${said}`.trim()) + inner.join('');
}

/** @param {import('./doc-comment.mjs').Doc} doc */
const defaultOf = ({ byDefault }) => (byDefault ? [`Default: ${byDefault}`] : []);

/** @param {string} text */
const sentence = (text) => (text.endsWith('.') ? text : `${text}.`);
