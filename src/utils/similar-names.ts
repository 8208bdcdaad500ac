/** Those of the names that somebody may have meant: two thirds of their pairs of letters are the same (Dice's coefficient). */
export function similarNames(meant: string, names: readonly string[]): string[] {
  const wanted = letterPairs(meant);
  return names.filter((name) => {
    const pairs = letterPairs(name);
    const shared = [...pairs].filter((pair) => wanted.has(pair)).length;
    return (2 * shared) / (pairs.size + wanted.size) >= 2 / 3;
  });
}

function letterPairs(name: string): Set<string> {
  const letters = name.toLowerCase();
  return new Set(
    Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2)),
  );
}
