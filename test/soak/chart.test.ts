import { COLOURS, renderChart, TEXT } from '../../soak/chart.mjs';
import type { Point } from '../../soak/growth.mjs';
import { panels } from '../../soak/series.mjs';
import { useBrowser, type Page } from '../helpers/browsers/browser';

const SECONDS = 600;
const browser = useBrowser();

const points = (top: number): Point[] =>
  Array.from({ length: SECONDS }, (_, at) => [at, (top * at) / (SECONDS - 1)]);

/** The lines reach very different heights, from a hundredth to millions. */
const chart = renderChart({
  title: 'Bread & <butter> "now"',
  seconds: SECONDS,
  warmUp: 200,
  panels: panels.map(({ title, unit, series }, panel) => ({
    title,
    unit,
    lines: series.map(({ name }, line) => ({ name, points: points(10 ** (panel - 2) * (line + 1)) })),
  })),
});
const lineCount = panels.flatMap(({ series }) => series).length;

/** Opens the chart in a real browser, which refuses to show XML that is not well-formed. */
async function openChart(): Promise<Page> {
  const context = await browser.open();
  const page = await context.newPage();
  await page.goto(`data:image/svg+xml;base64,${Buffer.from(chart).toString('base64')}`);
  return page;
}

test('the chart is well-formed even with markup in its texts, and has every panel, unit and series', async () => {
  const page = await openChart();
  expect(await page.evaluate('document.querySelectorAll("parsererror").length')).toBe(0);
  const texts = await page.evaluate<string[]>(
    '[...document.querySelectorAll("text")].map((text) => text.textContent)',
  );
  expect(texts).toContain('Bread & <butter> "now"');
  for (const { title, unit, series } of panels) {
    expect(texts).toContain(unit ? `${title}, ${unit}` : title);
    if (series.length > 1) expect(texts).toEqual(expect.arrayContaining(series.map(({ name }) => name)));
  }
  expect(texts).toEqual(expect.arrayContaining(['0 min', '10 min', 'warm-up']));
  expect(await page.evaluate('document.querySelectorAll("path[fill=none]").length')).toBe(lineCount);
});

test('each panel has its own scale from 0, and every line stays within it', async () => {
  const page = await openChart();
  const heights = await page.evaluate<{ plot: number; lines: number[]; top: number; bottom: number }[]>(`
    [...document.querySelectorAll('g')].map((panel) => {
      const { y, height } = panel.querySelector('rect').getBBox();
      const boxes = [...panel.querySelectorAll('path[fill=none]')].map((path) => path.getBBox());
      return {
        plot: height,
        lines: boxes.map((box) => box.height),
        top: Math.min(...boxes.map((box) => box.y)) - y,
        bottom: y + height - Math.max(...boxes.map((box) => box.y + box.height)),
      };
    })`);
  expect(heights).toHaveLength(panels.length);
  for (const { plot, lines, top, bottom } of heights) {
    expect(top).toBeGreaterThanOrEqual(0);
    expect(bottom).toBeCloseTo(0, 0);
    expect(Math.max(...lines)).toBeGreaterThan(plot / 2);
  }
});

test('no text overlaps another one or the edge', async () => {
  const page = await openChart();
  const overlaps = await page.evaluate<string[]>(`{
    const texts = [...document.querySelectorAll('text')].map((text) => ({ what: text.textContent, box: text.getBoundingClientRect() }));
    const { width, height } = document.documentElement.viewBox.baseVal;
    const outside = texts.filter(({ box }) => box.left < 0 || box.top < 0 || box.right > width || box.bottom > height);
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
    const pairs = texts.flatMap((one, at) => texts.slice(at + 1).filter((other) => meet(one.box, other.box)).map((other) => one.what + ' / ' + other.what));
    [...outside.map(({ what }) => what), ...pairs];
  }`);
  expect(overlaps).toEqual([]);
});

test.each([
  ['a white page', [255, 255, 255]],
  ['a dark page', [13, 17, 23]],
])('lines and texts have enough contrast to %s (WCAG 2.2, 1.4.11)', (_page, background) => {
  for (const colour of [TEXT, ...COLOURS]) expect(contrast(colour, background)).toBeGreaterThanOrEqual(3);
});

function contrast(colour: string, background: number[]): number {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const [dark = 0, light = 0] = [luminance(channels), luminance(background)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** WCAG's relative luminance. */
function luminance(channels: number[]): number {
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
