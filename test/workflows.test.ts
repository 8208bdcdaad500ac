import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(__dirname, '../.github/workflows');
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');

/** Runs in a separate process: the parser is an ES module, which Jest can't load. */
function parse(file: string): Workflow {
  const script = `
    import { parseYaml } from '@redocly/openapi-core';
    import { readFileSync } from 'node:fs';
    process.stdout.write(JSON.stringify(parseYaml(readFileSync(process.argv[1], 'utf8'))));`;
  const args = ['--input-type=module', '-e', script, path.join(folder, file)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', cwd: __dirname })) as Workflow;
}

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      needs?: string;
      permissions?: Record<string, string>;
      'timeout-minutes': number;
      steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
    }
  >;
}

describe.each(readdirSync(folder))('.github/workflows/%s', (file) => {
  const workflow = parse(file);
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  test('pins each action to a commit hash, and leaves no credentials in the checkout', () => {
    const actions = steps.filter(({ uses }) => uses !== undefined);
    expect(actions.length).toBeGreaterThan(0);
    for (const { uses, with: inputs } of actions) {
      expect(uses).toMatch(/^actions\/(checkout|setup-node)@[0-9a-f]{40}$/);
      if (uses?.includes('checkout')) expect(inputs).toEqual({ 'persist-credentials': false });
    }
  });

  test('has read permission only, unless a job names what else it may do, and why', () => {
    for (const right of Object.values(workflow.permissions)) expect(right).toBe('read');
    const rights = jobs.flatMap(([name, { permissions = {} }]) =>
      Object.entries(permissions).map(([scope, right]) => `${name}: ${scope} ${right}`),
    );
    expect(rights.filter((right) => !right.endsWith('contents read'))).toEqual(
      file === 'release.yml' ? ['publish: id-token write', 'release: contents write'] : [],
    );
    expect(read(file)).not.toMatch(/secrets\.|_TOKEN: (?!\$\{\{ github\.token)/);
  });

  test('runs the checks that a change must pass, and has a time limit', () => {
    expect(workflow.jobs['check']?.steps.map(({ run }) => run)).toContain('.ci/run');
    for (const [, job] of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(30);
  });
});

test('a release is published with provenance after all checks, with its bill of materials attached', () => {
  const { jobs } = parse('release.yml');
  const runs = (job: string) => (jobs[job]?.steps ?? []).flatMap(({ run = [] }) => run);
  expect([jobs['publish']?.needs, jobs['release']?.needs]).toEqual(['check', 'publish']);
  expect(runs('publish')).toEqual(['npm ci --ignore-scripts', 'npm publish --provenance --access public']);
  expect(runs('release')).toEqual(['npm run sbom', expect.stringContaining('sbom.cdx.json')]);
});
