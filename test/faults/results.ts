import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { History } from './history';
import type { Measurement } from './measure';
import { SCENARIOS, type ScenarioName } from './scenarios';

/** Where each run saves its histories, to look up what happened. Ignored by Git. */
const RESULTS = join(__dirname, 'results');

export function saveResult(name: ScenarioName, history: History, measurement: Measurement): void {
  const row = SCENARIOS.findIndex((scenario) => scenario.name === name);
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, name.toLowerCase().replace(/[^a-z0-9]+/g, '-'));
  writeFileSync(`${file}.json`, JSON.stringify({ row, ...SCENARIOS[row], ...measurement }));
  const lines = [...history.marks, ...history.operations].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(`${file}.history.jsonl`, lines.join(''));
}
