import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cli } from '../helpers/apps/cli';

const text = readFileSync(path.join(__dirname, '../../docs/cli.md'), 'utf8');
/** Without redirections, which the shell handles. */
const commands = Array.from(text.matchAll(/^npx passport-visa (.*)$/gm), ([, line = '']) =>
  line.replace(/ [<>].*$/, ''),
);
const levels = new Set(
  commands.map((line) =>
    line
      .split(' ')
      .slice(0, /^(users|sessions)/.test(line) ? 2 : 1)
      .join(' '),
  ),
);

test('docs/cli.md shows every command', async () => {
  const listed = async (...args: string[]) => {
    const { stdout } = await cli([...args, '--help']);
    const [, section = ''] = /^Commands:\n((?: +.*\n)*)/m.exec(stdout) ?? [];
    return Array.from(section.matchAll(/^ {2}([\w-]+)/gm), ([, name = '']) => [...args, name].join(' '));
  };
  const all = (await Promise.all([listed(), listed('users'), listed('sessions')])).flat();
  const leaves = all.filter((name) => !/(^|\s)(users|sessions|help)$/.test(name));
  expect([...levels].sort()).toEqual(leaves.sort());
});

// A command that accepts its arguments then complains about missing variables or a missing server.
test.each(commands)('npx passport-visa %s', async (line) => {
  const args = line.replace(/ --env-file \S+/, '').split(' ');
  const { status, stdout, stderr } = await cli(args);
  const isUnderstood =
    status === 0 ||
    /DATABASE_URL is not set/.test(stderr) ||
    /^fail {2}/m.test(stdout) ||
    /"healthy": false/.test(stdout);
  expect([isUnderstood, stderr]).toEqual([true, expect.not.stringContaining('error:')]);
});

test('every option that docs/cli.md names exists', async () => {
  const helps = await Promise.all([...levels].map((level) => cli([...level.split(' '), '--help'])));
  const known = helps.map(({ stdout }) => stdout).join('');
  const named = new Set(text.match(/--[a-z][a-z-]+/g));
  expect([...named].filter((option) => !known.includes(option))).toEqual([]);
});
