/** The cookies of one host, as far as names and values go: a cookie that is set to nothing is gone. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** For the `Cookie` header. */
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
