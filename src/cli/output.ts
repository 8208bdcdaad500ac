/** `--json`: print JSON, for scripts. */
export interface JsonOption {
  json?: boolean;
}

/**
 * Names and user agents come from strangers: escape sequences would command the terminal, and marks of direction would
 * show another text than is there.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** One line that is safe to show in a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** JSON that keeps every character, and shows those that a terminal might act on as escapes. */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(value)}\n`);
}

/** For people; what scripts read goes to stdout. */
export function printNote(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Columns as wide as their widest cell. */
export function printTable(header: string[], rows: string[][]): void {
  const table = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table)
    printLine(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
