import { describeHost } from '../bench/lib/machine.mjs';
import { renderPart } from '../bench/lib/report.mjs';
import * as settings from './settings.mjs';

/** @typedef {import('./series.mjs').Series & { panel: string, unit: string | undefined, judgement: import('./growth.mjs').Judgement }} Judged */

/**
 * @typedef {object} Run
 * @property {import('./command.mjs').Command} command
 * @property {string} chart the name of its file
 * @property {number} seconds
 * @property {number} warmUp
 * @property {number} sent
 * @property {number} skipped
 * @property {Record<string, number>} outcomes
 * @property {Record<string, number>} events
 * @property {Judged[]} judged
 * @property {string[]} faults why the run failed; empty if it passed
 */

/** @param {Run} run @returns {string} markdown */
export function renderReport(run) {
  const { command, chart, seconds, warmUp, judged, faults } = run;
  const passed = '**Passed.** Nothing grew after the warm-up, and every response was an expected one.';
  return [
    '# Soak',
    '`npm run soak` writes this page; don’t edit it by hand. It runs an app under steady mixed traffic. If requests leave anything behind, it adds up and shows here. This run:',
    facts(run).map(asItem).join('\n'),
    ...(faults.length === 0 ? [passed] : ['**Failed.**', faults.map(asItem).join('\n')]),
    `![The samples over time](${chart})`,
    renderPart({
      title: 'What grew',
      intro: `The warm-up takes ${Math.round(warmUp)} s. For the time after it, _change_ compares the median of the last quarter with that of the first. _trend_ is how much the best-fitting straight line rises over the same time. A series grew if both are more than _allowed_.`,
      tables: [
        {
          columns: ['series', 'first quarter', 'last quarter', 'change', 'trend', 'allowed'],
          rows: judged.map(row),
        },
      ],
      notes: [...tolerances(judged), smallestLeak(judged, seconds - warmUp)],
    }),
    renderPart({
      title: 'Requests and responses',
      intro: 'Each request has a list of expected responses. Any other response fails the run.',
      tables: [counts('request: answer', run.outcomes), counts('event', run.events)],
      notes: [
        '_hung up_: the client closed the connection before the response came.',
        'Unexpected results, such as `no answer` or a 5xx, would be listed here too.',
      ],
    }),
    howTo(command),
  ].join('\n\n');
}

/** @param {Run} run */
function facts({ command, seconds, sent, skipped }) {
  return [
    ...describeHost(),
    `${Math.round(seconds / 60)} minutes, ${settings.RATE} requests a second, on a fixed schedule: ${sent.toLocaleString('en-US')} sent, ${skipped} skipped because the machine stalled.`,
    `Users in PostgreSQL, sessions in ${command.sessions === 'redis' ? 'Redis' : 'PostgreSQL'}: ${settings.DEVICES} devices of ${settings.USERS} users, half of them with cookies. Every tenth request uses a new connection.`,
    `Access tokens expire after ${settings.ACCESS_SECONDS} s, sessions after ${settings.REFRESH_SECONDS} s without use. The cache of verified tokens holds ${settings.CACHED_TOKENS}. So all of them are replaced within the warm-up.`,
  ];
}

/** @param {Judged} series */
function row({ panel, name, unit, judgement }) {
  const { first, last, change, trend, allowed, grew } = judgement;
  const label = `${panel}: ${name}${unit ? `, ${unit}` : ''}`;
  return [label, first, last, change, trend, allowed].map((cell, at) =>
    typeof cell === 'string' ? cell : `${at === 3 && grew ? 'grew ' : ''}${cell.toFixed(2)}`,
  );
}

/** Series with the same reason share a sentence. @param {Judged[]} judged */
function tolerances(judged) {
  const reasons = new Set(judged.map(({ why }) => why));
  return Array.from(reasons, (reason) => {
    const names = judged
      .filter(({ why }) => why === reason)
      .map(({ name, tolerance, unit }) => {
        const absolute = `${tolerance.absolute}${unit ? ` ${unit}` : ''}`;
        return `_${name}_ ${tolerance.percent} % or ${absolute}`;
      });
    return `Allowed (the larger of the two): ${names.join(', ')}. ${reason}`;
  });
}

/** @param {Judged[]} judged @param {number} measuredSeconds */
function smallestLeak(judged, measuredSeconds) {
  const allowedMb = judged.find(({ key }) => key === 'heap')?.judgement.allowed ?? NaN;
  const bytes = (allowedMb * 1e6) / (settings.RATE * measuredSeconds * 0.75);
  return `A run of this length finds leaks from ${Math.ceil(bytes)} bytes a request on the heap; a longer run finds smaller ones.`;
}

/** @param {string} what @param {Record<string, number>} numbers */
function counts(what, numbers) {
  const rows = Object.entries(numbers).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    columns: [what, 'times'],
    rows: rows.map(([name, times]) => [name, times.toLocaleString('en-US')]),
  };
}

/** @param {import('./command.mjs').Command} command */
function howTo({ minutes, sessions }) {
  const words = `${minutes}${sessions === 'redis' ? '' : ` --sessions ${sessions}`}`;
  return `## How to run it

\`\`\`sh
${`npm run soak -- ${words}`.padEnd(41)}# this page
npm run soak -- 60                       # an hour
npm run soak -- 10 --sessions postgres   # writes postgres.md and postgres.svg beside this page
SOAK_LEAK=1 npm run soak -- 5            # the app keeps every token: this must fail and name the heap
\`\`\`

It exits with 1 if a series grew or a response was not an expected one, and says which.`;
}

/** @param {string} text */
function asItem(text) {
  return `- ${text}`;
}
