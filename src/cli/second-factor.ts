import { randomBytes } from 'node:crypto';
import { auditing, type AuditRecord } from '../events/audit.js';
import { CommandError, describeError } from './describe-error.js';
import { printJson, printLine, printNote, type JsonOption } from './output.js';
import type { StoreNames } from './store-names.js';
import { withApp } from './stores.js';
import { requireUser, userForOutput } from './users.js';

/** Takes away what asks a user for a second step, and prints the records for the audit log of the app. */
export async function resetFactors(
  username: string,
  { json, ...names }: StoreNames & JsonOption,
): Promise<void> {
  const { secondFactor } = await import('../features/second-factor/second-factor.js');
  // It opens no secret here, so any key will do.
  const factor = secondFactor({ issuer: 'passport-visa', key: randomBytes(48) });
  const records: AuditRecord[] = [];
  await withApp(
    names,
    async ({ users, auth }) => {
      auth.events.onAny(auditing((record) => records.push(record)));
      const user = await requireUser(users, username);
      const { factorIds, sessionIds } = await factor.resetFactors(user.id).catch((error: unknown) => {
        throw new CommandError(
          `"${user.username}" may be without second factors, but it is not certain that all sessions have ended: run this again\n${describeError(error)}`,
          { cause: error },
        );
      });
      if (json)
        printJson({ user: userForOutput(user), factors: factorIds, ended: sessionIds, audit: records });
      else {
        printLine(
          `"${user.username}" logs in by password only: second factors removed: ${factorIds.length}, sessions ended: ${sessionIds.length}`,
        );
        for (const record of records) printNote(JSON.stringify(record));
      }
    },
    { features: [factor] },
  );
}
