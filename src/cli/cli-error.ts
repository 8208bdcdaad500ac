/** What the command line is to blame for: exit status 2. */
export class UsageError extends Error {}

/** What went wrong, in one line for whoever typed the command: exit status 1. */
export class CommandError extends Error {}
