/** The names in braces: `'count'` for `'at least {count} long'`. */
export type PlaceholderIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholderIn<Rest>
  : never;

export type Params<Name extends string = string> = Readonly<Record<Name, string | number>>;

const PLACEHOLDER = /\{(\w+)\}/g;

export function placeholdersIn(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), ([, name = '']) => name);
}

export function fillIn(text: string, params: Params): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string) => String(params[name] ?? placeholder));
}
