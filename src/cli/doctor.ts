import { UsageError } from './describe-error.js';
import { checkDatabase } from './doctor/check-database.js';
import { checkEnvironment, checkNode } from './doctor/check-environment.js';
import { checkRedis } from './doctor/check-redis.js';
import { checkSecondFactor } from './doctor/check-second-factor.js';
import { checkSecrets } from './doctor/check-secrets.js';
import { checkSharedRedis } from './doctor/check-shared-redis.js';
import { checkUrl } from './doctor/check-url.js';
import type { Finding } from './doctor/finding.js';
import { packageManifest } from './manifest.js';
import { printJson, printLine, type JsonOption } from './output.js';
import type { StoreNames } from './store-names.js';

export interface DoctorOptions extends StoreNames, JsonOption {
  url?: string;
  /** The users are in a store of the app's own, so their tables are not looked at. */
  only?: 'sessions';
}

/** Runs all checks and prints what they found. @returns the exit status: 1 when a finding is `fail` */
export async function doctor({ url, json, only, ...names }: DoctorOptions): Promise<number> {
  const base = url === undefined ? undefined : routerUrl(url);
  const [redis, sharing, database, web] = await Promise.all([
    checkRedis(names.redisPrefix),
    only === 'sessions' ? [] : checkSharedRedis(names),
    checkDatabase(names, only),
    base ? checkUrl(base) : [],
  ]);
  const findings = [
    checkNode(process.versions.node, packageManifest().engines.node),
    ...checkSecrets(process.env),
    ...checkEnvironment(process.env),
    ...checkSecondFactor(process.env),
    ...database,
    ...redis,
    ...sharing,
    ...web,
  ];
  const healthy = findings.every(({ level }) => level !== 'fail');
  if (json) printJson({ healthy, findings });
  else for (const finding of findings) printLine(describe(finding));
  return healthy ? 0 : 1;
}

function describe({ level, about, message, cure }: Finding): string {
  return `${level.padEnd(4)}  ${about}: ${message}${cure === undefined ? '' : ` -> ${cure}`}`;
}

function routerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The message does not quote the URL, because it may contain a password.
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search)
    throw new UsageError('--url must be where auth.router is mounted, such as https://app.example.com/auth');
  return url;
}
