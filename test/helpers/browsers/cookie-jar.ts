/** The names and values of one host's cookies. A cookie with an empty value is removed. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** The value of the `Cookie` header. */
  toString(): string {
    return [...this.#cookies].map((pair) => pair.join('=')).join('; ');
  }

  keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
  }
}
