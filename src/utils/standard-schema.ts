/**
 * Standard Schema, version 1 (https://standardschema.dev): the interface by which zod, valibot, arktype and others can be used alike.
 * The specification asks libraries to copy these types, so no dependency is needed.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Checks a value, at once or later. It doesn't throw for a value that is wrong. */
    readonly validate: (
      value: unknown,
    ) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The checked value, or what is wrong with it. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** What is wrong with one member. */
export interface StandardSchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // arktype's schemas are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { version, validate } = ((value as Partial<StandardSchemaV1>)['~standard'] ?? {}) as {
    version?: unknown;
    validate?: unknown;
  };
  return version === 1 && typeof validate === 'function';
}
