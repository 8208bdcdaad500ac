import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
const cores = allowedCores();

/** Whether the app and the load generator can be kept on separate cores. */
export const canPin = hasTaskset && cores.length > 1;

/**
 * What runs on which core. The app is what is measured, so it has a core of its own. Redis and PostgreSQL share the load
 * generator's core, unless there is a third one.
 */
export const places = {
  app: cores.slice(0, 1),
  load: cores.slice(1, 2),
  data: cores.length > 2 ? cores.slice(2, 3) : cores.slice(1, 2),
  everywhere: cores,
};

export const coreCount = cores.length || 1;

/**
 * Puts a program on its cores from the start, so its threads run there too.
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

/** @returns {number[]} the cores that this process may use, which can be fewer than the machine has */
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
