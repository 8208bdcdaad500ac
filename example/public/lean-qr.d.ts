/** What this page uses of the library lean-qr. page.mjs serves it as /lean-qr.mjs. */
export function generate(text: string): {
  readonly size: number;
  /** Whether the module is dark. */
  get(x: number, y: number): boolean;
};
