/** @typedef {{ name: string, points: readonly import('./growth.mjs').Point[] }} Line */
/** @typedef {{ title: string, unit?: string | undefined, lines: Line[] }} ChartPanel */

/** Each is visible on a white and on a dark page. */
export const TEXT = '#767c85';
export const COLOURS = ['#2f81f7', '#d9730d', '#a657e5'];

const COLUMNS = 2;
const PANEL = { width: 480, height: 190 };
const PLOT = { left: 58, top: 46, right: 26, bottom: 26 };
const PLOT_WIDTH = PANEL.width - PLOT.left - PLOT.right;
const PLOT_HEIGHT = PANEL.height - PLOT.top - PLOT.bottom;
const HEADER = 40;

/**
 * Small charts beside each other with the same time axis. Each has its own vertical scale, from 0.
 *
 * @param {{ title: string, panels: ChartPanel[], seconds: number, warmUp: number }} chart
 * @returns {string} SVG
 */
export function renderChart({ title, panels, seconds, warmUp }) {
  const width = COLUMNS * PANEL.width;
  const height = HEADER + Math.ceil(panels.length / COLUMNS) * PANEL.height;
  const drawn = panels.map((panel, at) => {
    const x = (at % COLUMNS) * PANEL.width;
    const y = HEADER + Math.floor(at / COLUMNS) * PANEL.height;
    return `<g transform="translate(${x} ${y})">\n${renderPanel(panel, { seconds, warmUp })}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${TEXT}" role="img" aria-label="${escape(title)}">
<text x="${PLOT.left}" y="24" font-size="15" font-weight="600">${escape(title)}</text>
${renderWarmUpKey(width - PLOT.right)}
${drawn.join('\n')}
</svg>
`;
}

/** @param {ChartPanel} panel @param {{ seconds: number, warmUp: number }} time */
function renderPanel({ title, unit, lines }, { seconds, warmUp }) {
  const step = niceStep(Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)), 0));
  const steps = [0, 1, 2, 3, 4].map((at) => at * step);
  const x = (/** @type {number} */ at) => round(PLOT.left + (at / seconds) * PLOT_WIDTH);
  const y = (/** @type {number} */ value) => round(PLOT.top + (1 - value / (4 * step)) * PLOT_HEIGHT);
  return [
    `<text x="${PLOT.left}" y="16" font-weight="600">${escape(unit ? `${title}, ${unit}` : title)}</text>`,
    lines.length > 1 ? renderLegend(lines) : '',
    `<rect x="${PLOT.left}" y="${PLOT.top}" width="${round(x(warmUp) - PLOT.left)}" height="${PLOT_HEIGHT}" opacity="0.12"/>`,
    ...steps.map(
      (value) =>
        `<path d="M${PLOT.left} ${y(value)}h${PLOT_WIDTH}" stroke="${TEXT}" stroke-opacity="${value === 0 ? 1 : 0.25}"/><text x="${PLOT.left - 6}" y="${y(value) + 4}" text-anchor="end">${trim(value)}</text>`,
    ),
    ...minutes(seconds).map(
      (minute) =>
        `<text x="${x(minute * 60)}" y="${PANEL.height - 10}" text-anchor="middle">${minute} min</text>`,
    ),
    // The first line is drawn last, on top of the others.
    ...lines
      .map(({ points }, at) => {
        const path = points.map(([second, value]) => `${x(second)} ${y(value)}`).join('L');
        return `<path d="M${path}" fill="none" stroke="${COLOURS[at]}" stroke-width="1.5" stroke-linejoin="round"/>`;
      })
      .reverse(),
  ]
    .filter(Boolean)
    .join('\n');
}

/** The key for the shaded part of every panel. @param {number} right */
function renderWarmUpKey(right) {
  return `<rect x="${right - 75}" y="12" width="16" height="16" opacity="0.12"/><text x="${right}" y="24" text-anchor="end">warm-up</text>`;
}

/** @param {Line[]} lines */
function renderLegend(lines) {
  let x = PLOT.left;
  return lines
    .map(({ name }, at) => {
      const entry = `<path d="M${x} 31h14" stroke="${COLOURS[at]}" stroke-width="3"/><text x="${x + 19}" y="35">${escape(name)}</text>`;
      x += 40 + name.length * 6.5;
      return entry;
    })
    .join('\n');
}

/** The smallest step of 1, 2, 2.5 or 5 times a power of ten with which four steps reach the top. @param {number} top */
function niceStep(top) {
  if (top <= 0) return 1;
  const ten = 10 ** Math.floor(Math.log10(top / 4));
  return ten * /** @type {number} */ ([1, 2, 2.5, 5, 10].find((factor) => factor * ten * 4 >= top));
}

/** At most about eight labels. @param {number} seconds */
function minutes(seconds) {
  const all = seconds / 60;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 240].find((each) => all / each <= 8) ?? 240;
  return Array.from({ length: Math.floor(all / step) + 1 }, (_, at) => at * step);
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
/** @param {number} value */
const trim = (value) => String(Number(value.toPrecision(3)));

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
