/** How and when the user proved who they are. */
export interface Proof {
  /** Default: now. */
  authTime?: Date | undefined;
  /** Methods by the names of RFC 8176. Default: not known. */
  amr?: readonly string[] | undefined;
}
