/** One field of a request that was refused: `path` is its name in the body or the header's name. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
  /** The rule that the field broke, to say it in another language. JSON leaves it out. Without it `message` is sent as it is. */
  readonly rule?: BrokenRule;
}

/** A rule that a field broke: the key of its text in `messages/`, and what is filled into that text. */
export interface BrokenRule {
  readonly key: string;
  readonly params: Readonly<Record<string, string | number>>;
}
