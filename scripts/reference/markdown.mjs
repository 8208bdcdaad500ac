/** @typedef {import('./doc-comment.mjs').Doc} Doc */

const WIDTH = 160;

/** The first line of a generated page. */
export const GENERATED = '<!-- Written by `npm run docs:reference`. Change the source, not this page. -->';

/**
 * Joins the lines of each paragraph, and breaks them where the other pages do.
 * @param {string} text paragraphs and lists
 * @param {string} indent for all lines but the first
 */
export function wrap(text, indent = '') {
  const blocks = text.split(/\n\n+|\n(?=- )/);
  return blocks
    .map((block, index) => {
      const isItem = block.startsWith('- ');
      const gap = index === 0 ? '' : isItem && blocks[index - 1]?.startsWith('- ') ? '\n' : '\n\n';
      return gap + (index === 0 ? '' : indent) + wrapBlock(block, indent + (isItem ? '  ' : ''));
    })
    .join('');
}

/**
 * @param {string} block
 * @param {string} indent
 */
function wrapBlock(block, indent) {
  let width = indent.length;
  let line = '';
  let wrapped = '';
  // Code isn't broken, nor is a line begun with what Markdown would take for a list.
  for (const word of block.replaceAll(/\s+/g, ' ').match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    if (line && width + 1 + word.length > WIDTH && !/^([-+*#>]|\d+[.)])/.test(word)) {
      wrapped += `${line}\n${indent}`;
      width = indent.length;
      line = '';
    }
    width += (line ? 1 : 0) + word.length;
    line += (line ? ' ' : '') + word;
  }
  return wrapped + line;
}

/**
 * What a doc comment says beside its text, as items of a list.
 * @param {Doc} doc
 */
export function facts({ params, returns, throws }) {
  return [
    ...params.map((param) => `Parameter ${param}`),
    ...(returns === undefined ? [] : [`Returns: ${returns}`]),
    ...throws.map((each) => `Throws: ${each}`),
  ];
}

/** @param {string[]} items */
export const list = (items) => items.map((item) => wrap(`- ${item}`)).join('\n');

/** The anchor of a heading, as GitHub makes it. @param {string} heading */
export const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0), title.length),
  );
  const line = (/** @type {string[]} */ cells, fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n');
}
