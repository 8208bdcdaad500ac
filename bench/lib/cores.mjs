import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
const cores = allowedCores();

/** Whether server and load generator can be kept apart. */
export const canPin = hasTaskset && cores.length > 1;

/**
 * Who runs where. The servers of data sit beside the load generator, unless there is a third core: what is
 * measured is the app, which keeps a core of its own.
 */
export const places = {
  app: cores.slice(0, 1),
  load: cores.slice(1, 2),
  data: cores.length > 2 ? cores.slice(2, 3) : cores.slice(1, 2),
  everywhere: cores,
};

export const coreCount = cores.length || 1;

/**
 * Puts a program on its cores from its very start, so that its threads are there too.
 *
 * @param {number[]} place
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
export function pinned(place, program, args) {
  if (!canPin) return [program, [...args]];
  return ['taskset', ['-c', place.join(','), program, ...args]];
}

/** @returns {number[]} what this process may use, which can be less than what the machine has */
function allowedCores() {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
    });
  } catch {
    return [];
  }
}
