import type { AuditRecord } from '../events/audit.js';
import { auditing } from '../events/audit.js';
import type { EmailAccount } from '../features/email-account/account.js';
import type { EmailAccountOptions } from '../features/email-account/options.js';
import type { StoredUser } from '../stores/user-store.js';
import { asUsageError, CommandError, UsageError } from './describe-error.js';
import { setting } from './environment.js';
import { printJson, printLine, printNote, type JsonOption } from './output.js';
import type { StoreNames } from './store-names.js';
import { withApp } from './stores.js';
import { requireUser, userForOutput } from './users.js';

export interface ResetLinkOptions extends StoreNames, JsonOption {
  baseUrl?: string;
  path?: string;
  lifetime?: string;
}

/** Prints a link that takes over the account, and the record for the audit log of the app. */
export async function printResetLink(
  username: string,
  { baseUrl = setting('BASE_URL'), path, lifetime, ...options }: ResetLinkOptions,
): Promise<void> {
  if (baseUrl === undefined)
    throw new UsageError(
      'Say where the pages of the app are: --base-url https://app.example.com, or BASE_URL in the environment',
    );
  const account = {
    baseUrl,
    ...(path !== undefined && { paths: { reset: path } }),
    ...(lifetime !== undefined && { lifetimes: { reset: lifetime as `${number}m` } }),
  };
  await withEmailAccount(options, username, account, async (feature, user) => {
    const { url, expiresAt } = await feature.createResetLink(user.id);
    if (options.json) printJson({ user: userForOutput(user), url, expiresAt });
    else {
      printLine(url);
      printNote(
        `Good once, until ${expiresAt.toISOString()}. Anyone who has it can take over "${user.username}"`,
      );
    }
  });
}

/** Marks the address as proved. */
export async function verifyAddress(username: string, options: StoreNames & JsonOption): Promise<void> {
  // The feature sends nothing here, so its links lead nowhere.
  const account = { baseUrl: 'http://localhost', verification: 'later' } as const;
  await withEmailAccount(options, username, account, async (feature, user) => {
    await feature.markVerified(user.id);
    if (options.json) printJson({ user: userForOutput(user), verified: true });
    else printLine(`The address of "${user.username}" counts as proved`);
  });
}

async function withEmailAccount(
  names: StoreNames,
  username: string,
  account: Omit<EmailAccountOptions, 'send'>,
  work: (feature: EmailAccount, user: StoredUser) => Promise<void>,
): Promise<void> {
  const { emailAccount } = await import('../features/email-account/email-account.js');
  const feature = asUsageError(() => emailAccount({ ...account, send: () => undefined }));
  await withApp(
    names,
    async ({ users, auth }) => {
      auth.events.onAny(
        auditing((record: AuditRecord) => {
          printNote(JSON.stringify(record));
        }),
      );
      const user = await requireUser(users, username);
      await work(feature, user).catch((error: unknown) => {
        throw error instanceof TypeError ? new CommandError(error.message, { cause: error }) : error;
      });
    },
    { features: [feature] },
  );
}
