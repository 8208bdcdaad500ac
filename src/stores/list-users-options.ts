/** Which page of users `list` returns. */
export interface ListUsersOptions {
  /** How many users, 1 to 1000. Default: 100. */
  limit?: number;
  /** The last username of the page before. Default: none, for the first page. */
  after?: string;
}
