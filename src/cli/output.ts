import { fstatSync } from 'node:fs';

/** `--json`: print JSON, for scripts. */
export interface JsonOption {
  json?: boolean;
}

/**
 * Names and user agents are untrusted. Escape sequences in them could control the terminal, bidirectional marks could make the
 * text look different from what it is, and invisible characters could make two names look like one.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Replaces line breaks, invisible characters and everything that a terminal might act on with U+FFFD. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** JSON that loses no character: those that are replaced elsewhere are written as `\u` escapes. */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : character.split('').map(escaped).join(''),
  );
}

/** JSON escapes each half of a surrogate pair. */
function escaped(codeUnit: string): string {
  return `\\u${codeUnit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Writes one line to stdout. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/**
 * Ends a last line that has no line break, when the output goes behind other text: `secret >> .env`. The file can't be read through
 * stdout, so an empty line comes where the break was there already.
 */
export function startOnNewLine(): void {
  const output = fstatSync(process.stdout.fd);
  if (output.isFile() && output.size > 0) printLine('');
}

export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(value)}\n`);
}

/** Writes to stderr. stdout is only for the output that scripts read. */
export function printNote(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Each column is as wide as its widest cell. */
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
