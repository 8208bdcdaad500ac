/** `$1`, `$2` … in place of each `?`, for the drivers of PostgreSQL. */
export function numberedMarks(text: string): string {
  let n = 0;
  return text.replaceAll('?', () => `$${(n += 1)}`);
}
