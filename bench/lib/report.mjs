import { brief, range, twoDigits, whole } from './format.mjs';

/**
 * @typedef {object} Table
 * @property {string} [title]
 * @property {string[]} columns
 * @property {string[][]} rows
 */

/** @typedef {{ what: string, target: string, measured: string, met: boolean }} Target */

/**
 * The result of a part.
 *
 * @typedef {object} Part
 * @property {string} title
 * @property {string} intro
 * @property {Table[]} tables
 * @property {string[]} notes what to know when reading the tables, and which variant they favour
 * @property {Target[]} [targets]
 */

/**
 * The cost of a variant's bursts, compared with bare Express.
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

/** Padded like prettier's tables. @param {Table} table */
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
    '`npm run bench` writes this page; don’t edit it by hand. The page compares passport-visa with bare Express, with hand-written code and with other packages. This run was made with:',
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
npm run bench -- guard login  # some parts: guard, login, refresh, memory, growth, sockets, startup; prints, and writes nothing
\`\`\`

You need \`redis-server\` and PostgreSQL on the machine (\`npm run setup\` installs them), and \`taskset\` to give each process its own core.
The figures are steadier on a machine that does nothing else.`;

const howMeasured = `## How it is measured

- Every app is an Express 5 app in its own process, with \`NODE_ENV=production\` and Express's default settings. All guarded routes return the same kind of JSON.
- The app has one core and the load generator another. Redis and PostgreSQL share the load generator's core, or have a third one if there is one. All listen on loopback and store nothing on disk.
- A variant is warmed up and then measured in many short bursts, each compared with a burst of bare Express just before it. Variants that are compared with each other take turns, and each round begins with a different one. The tables show the median of these comparisons, and the quartiles as _spread_.
- _CPU ratio_ is the CPU time of a request to bare Express divided by that of a request to the variant. 1.00 means that the variant costs nothing, 0.50 that a request costs twice as much. _CPU over bare_ is the difference in microseconds. CPU time is that of the whole app process, including its threads and garbage collection, but not that of Redis or PostgreSQL.
- Requests per second are for one core with 32 connections. They depend more than CPU time does on the machine and on its other work.
- Every app is checked before it is measured: 200 with a good token, 401 without one.`;
