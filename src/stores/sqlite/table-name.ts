/** Table names become part of a statement's text, so only plain names are allowed. @throws TypeError that names the option */
export function checkedTableName(option: string, name: string): string {
  if (/^[a-z_][a-z0-9_]{0,50}$/.test(name)) return name;
  throw new TypeError(`${option} must be a lower-case table name; got ${JSON.stringify(name)}`);
}
