import { brief, range, twoDigits, whole } from './format.mjs';

/**
 * @typedef {object} Table
 * @property {string} [title]
 * @property {string[]} columns
 * @property {string[][]} rows
 */

/** @typedef {{ what: string, target: string, measured: string, met: boolean }} Target */

/**
 * What a part hands back.
 *
 * @typedef {object} Part
 * @property {string} title
 * @property {string} intro
 * @property {Table[]} tables
 * @property {string[]} notes what to know when reading them, and whom they favour
 * @property {Target[]} [targets]
 */

/**
 * What bursts cost, against bare Express.
 *
 * @param {string} name
 * @param {ReturnType<typeof import('./side-by-side.mjs').summarize>} summary
 */
export function costRow(name, { ratio, over, cpu, perSecond }) {
  return [
    name,
    twoDigits(ratio.median),
    range(ratio, twoDigits),
    brief(over.median),
    range(over, brief),
    brief(cpu.median),
    whole(perSecond.median),
  ];
}

export const costColumns = [
  'variant',
  'CPU ratio to bare',
  'spread',
  'CPU µs over bare',
  'spread',
  'CPU µs',
  'req/s',
];

/**
 * @param {string} what
 * @param {number} least
 * @param {number} measured
 * @param {(value: number) => string} format
 * @returns {Target}
 */
export function atLeast(what, least, measured, format) {
  return {
    what,
    target: `at least ${format(least)}`,
    measured: orNothing(measured, format),
    met: measured >= least,
  };
}

/** @type {(what: string, most: number, measured: number, format: (value: number) => string) => Target} */
export function atMost(what, most, measured, format) {
  return {
    what,
    target: `at most ${format(most)}`,
    measured: orNothing(measured, format),
    met: measured <= most,
  };
}

/** @param {number} measured @param {(value: number) => string} format */
function orNothing(measured, format) {
  return Number.isNaN(measured) ? 'not measured' : format(measured);
}

/** @param {string} markdown for a terminal */
export function print(markdown) {
  process.stdout.write(`\n${markdown}\n`);
}

/** @param {Part} part */
export function renderPart({ title, intro, tables, notes }) {
  const rendered = tables.map((table) => (table.title ? `### ${table.title}\n\n` : '') + renderTable(table));
  return [`## ${title}`, intro, ...rendered, notes.map((note) => `- ${note}`).join('\n')].join('\n\n');
}

/** @param {Target[]} targets */
export function renderTargets(targets) {
  const rows = targets.map(({ what, target, measured, met }) => [
    what,
    target,
    measured,
    met ? 'met' : '**missed**',
  ]);
  return `## Targets\n\n${renderTable({ columns: ['what', 'target', 'measured', ''], rows })}`;
}

/** Padded as prettier does it. @param {Table} table */
function renderTable({ columns, rows }) {
  const widths = columns.map((column, at) =>
    Math.max(3, ...[column, ...rows.map((row) => row[at] ?? '')].map((cell) => cell.length)),
  );
  const isText = (/** @type {number} */ at) => at === 0;
  const line = (/** @type {string[]} */ cells) =>
    `| ${widths.map((width, at) => (isText(at) ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width))).join(' | ')} |`;
  const rule = widths.map((width, at) => (isText(at) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(columns), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/**
 * @param {object} report
 * @param {string[]} report.facts
 * @param {string} report.duration
 * @param {Part[]} report.parts
 */
export function renderReport({ facts, duration, parts }) {
  const targets = parts.flatMap((part) => part.targets ?? []);
  return [
    '# Benchmarks',
    'Written by `npm run bench`; do not edit by hand. What is measured, against whom, and on what:',
    [...facts, `The run took ${duration}.`].map((fact) => `- ${fact}`).join('\n'),
    renderTargets(targets),
    howTo,
    howMeasured,
    ...parts.map(renderPart),
  ].join('\n\n');
}

const howTo = `## How to run it

\`\`\`sh
npm ci
npm run bench                 # everything; writes this page
npm run bench -- --quick      # two or three minutes; prints, and writes nothing
npm run bench -- guard login  # some parts: guard, login, refresh, memory, growth, startup; prints, and writes nothing
\`\`\`

It needs \`redis-server\` and PostgreSQL on the machine (\`npm run setup\` installs them), and \`taskset\` to keep processes apart.
A machine with nothing else to do gives the steadier figures.`;

const howMeasured = `## How it is measured

- Every app is a process of its own, an Express 5 app with \`NODE_ENV=production\` and Express's own settings. All guarded routes answer the same kind of JSON.
- App and load generator have a core each. Redis and PostgreSQL share the load generator's core, or have a third where there is one. All listen on loopback and keep nothing on disk.
- The variants take turns in short bursts, for many rounds, each round beginning with another one. Each burst is compared with one of bare Express just before it; the table shows the median of these comparisons, and the quartiles as spread.
- _CPU ratio_ is the CPU time of a request to bare Express divided by that of a request to the variant: 1.00 is free, 0.50 means that a request costs twice as much. _CPU over bare_ is the difference in microseconds. CPU time is that of the whole app process, its threads and garbage collection included, but not that of Redis or PostgreSQL.
- Requests per second depend on the machine and its other work more than CPU time does. They are those of one core with 32 connections.
- Every app is checked before it is measured: 200 with a good token, 401 without one.`;
