import { findingsAbout, type Finding } from './finding.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** @param supported `engines.node` of package.json, such as `>=20.19` */
export function checkNode(version: string, supported: string): Finding {
  const { ok, fail } = findingsAbout('node');
  const minimum = supported.replace('>=', '');
  if (compareVersions(version, minimum) >= 0) return ok(`Node ${version}`);
  return fail(`Node ${version} is too old`, `install Node ${minimum} or newer`);
}

export function checkEnvironment({ NODE_ENV, TRUST_PROXY, BASE_URL }: Environment): Finding[] {
  const { ok, warn, fail } = findingsAbout('environment');
  return [
    NODE_ENV === 'production'
      ? ok('NODE_ENV is production: cookies are Secure')
      : warn(
          `NODE_ENV is ${NODE_ENV ? `"${NODE_ENV}"` : 'not set'}: cookies are not Secure`,
          'set NODE_ENV=production, or cookies.secure: true, wherever people log in over HTTPS',
        ),
    TRUST_PROXY === 'true'
      ? fail(
          'TRUST_PROXY is true: anybody can claim any address, and limits count by address',
          'set it to the number of proxies in front of the app, or to their addresses',
        )
      : ok(
          TRUST_PROXY && TRUST_PROXY !== '0'
            ? `TRUST_PROXY is ${TRUST_PROXY}`
            : 'TRUST_PROXY is not set, which is right where no proxy stands before the app',
        ),
    // What the links in mails begin with, where the app has emailAccount().
    ...(NODE_ENV === 'production' && BASE_URL && !/^https:/i.test(BASE_URL)
      ? [
          fail(
            'BASE_URL is not https: anyone on the way could read the tokens of the links in mails',
            'set it to the https address of the pages of your app',
          ),
        ]
      : []),
  ];
}

/** Compares the first three numbers; one that is missing counts as 0. @returns less than 0 when `one` is older */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (const at of [0, 1, 2]) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
