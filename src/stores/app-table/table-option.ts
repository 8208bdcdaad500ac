import { lazySchema } from '../../utils/lazy-schema.js';
import { kindOf } from '../../utils/option-words.js';
import { parseCall } from '../../utils/parse-call.js';
import { mappingShape, userMapping, type UserMapping, type UserTableOptions } from './user-table-options.js';

const schema = lazySchema((zod) =>
  zod.strictObject({
    ...mappingShape(zod),
    table: zod
      .string({ error: "must be the name of your table of users, as in table: 'users'" })
      .regex(/^[^.]+(\.[^.]+)?$/, {
        error: "must be a table's name, optionally with its schema: auth.users",
      }),
  }),
);

/** The options of a store that finds the app's table by its name. @throws TypeError that names the option and says how to fix it */
export function namedTable(
  call: string,
  options: UserTableOptions & { table: string },
): { table: string; mapping: UserMapping } {
  parseCall(call, schema(), options);
  const { table, ...mapping } = options;
  return { table, mapping: userMapping(call, mapping) };
}

/** For what isn't the library's client, or one of another kind. @param cure what to pass, and how to make it */
export function wrongClient(call: string, cure: string, got: unknown): TypeError {
  return new TypeError(`${call} got ${kindOf(got)} in place of its client: pass ${cure}`);
}
