/** Which page of users `list` returns. */
export interface ListUsersOptions {
  /** How many users, 1 to 1000. Default: 100. */
  limit?: number;
  /** The last username of the page before. Default: none, for the first page. */
  after?: string;
}

/** For a username that can't have been on the page before. */
export function unfitPage(): TypeError {
  return new TypeError(
    "users.list(): after must be the last username of the page before, and the column can't hold this one",
  );
}
