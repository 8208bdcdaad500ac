/** The parts of a browser's globals that this file needs. Node and React Native lack them. */
interface Page {
  location?: { hash: string; pathname: string; search: string };
  history?: { state: unknown; replaceState(state: unknown, unused: string, url: string): void };
}

let taken: { token: string; pathname: string } | undefined;

/**
 * Takes the token of a link from the address of the page, and removes it from the address bar at once. So it stays out of the tab's
 * history, bookmarks and screenshots. Call it before anything else on the page of a link; frameworks that run an effect twice get
 * the same token again as long as the path is the same.
 * @returns undefined without a token in the address, and outside of browsers
 */
export function takeToken(): string | undefined {
  const { location, history } = globalThis as Page;
  if (!location || !history) return undefined;
  const { pathname, search } = location;
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    history.replaceState(history.state, '', pathname + search);
    taken = { token, pathname };
  }
  return taken?.pathname === pathname ? taken.token : undefined;
}
