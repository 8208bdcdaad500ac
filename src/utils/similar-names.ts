/** The names that may have been meant: at least two thirds of their pairs of letters are the same (Dice's coefficient). */
export function similarNames(misspelt: string, names: readonly string[]): string[] {
  const given = letterPairs(misspelt);
  return names.filter((name) => {
    const pairs = letterPairs(name);
    const shared = [...pairs].filter((pair) => given.has(pair)).length;
    return (2 * shared) / (pairs.size + given.size) >= 2 / 3;
  });
}

function letterPairs(name: string): Set<string> {
  const letters = name.toLowerCase();
  return new Set(
    Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2)),
  );
}
