import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isShipped } from '../helpers/shipped';

const root = path.join(__dirname, '../..');
const read = (page: string): string => readFileSync(path.join(root, page), 'utf8');

const pages = [
  '.',
  'docs',
  'docs/decisions',
  'docs/reference',
  'docs/strategies',
  'example',
  'bench',
  'soak',
].flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
);

const withoutCode = (text: string): string =>
  text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

/** The links of a page into this repository. */
const linksOf = (page: string): string[] =>
  Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): string[] {
  const text = read(page).replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Why a link is broken, if it is. */
function whyBroken(page: string, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const target = file ? path.join(path.dirname(page), file) : page;
  if (!existsSync(path.join(root, target))) return `${page}: ${link} is not there`;
  if (anchor !== undefined && !anchorsOf(target).includes(anchor))
    return `${page}: ${link} has no such heading`;
  return undefined;
}

test('the test finds the pages and their links', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/cli.md', 'example/README.md']));
  expect(linksOf('docs/README.md')).toContain('getting-started.md');
  expect(anchorsOf('docs/testing.md')).toContain('nodetest');
});

test.each(pages)('%s has no broken links', (page) => {
  expect(linksOf(page).flatMap((link) => whyBroken(page, link) ?? [])).toEqual([]);
});

/** Files and folders of which a page says that only the repository has them. */
function repositoryOnly(page: string): string[] {
  const sentence =
    read(page)
      .split(/\.\s/)
      .find((each) => each.includes('only in the repository')) ?? '';
  return Array.from(sentence.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}
const within = (names: string[], file: string) =>
  names.some((name) => file === name || (name.endsWith('/') && file.startsWith(name)));

/** What a page links to and the npm package doesn't have. */
const notShipped = (page: string): string[] =>
  linksOf(page)
    .map((link) => link.split('#')[0] ?? '')
    .filter(Boolean)
    .map((link) => path.join(path.dirname(page), link))
    .filter((target) => !isShipped(target));

test('the pages say which files only the repository has', () => {
  expect(repositoryOnly('README.md')).toEqual(['bench/', 'example/', 'soak/', 'CONTRIBUTING.md']);
  expect(repositoryOnly('docs/README.md')).toEqual(['bench/', 'example/', 'soak/', 'src/', 'test/']);
  expect(
    ['docs/cli.md', 'docs/decisions', 'docs/strategies/saml.md', 'dist/index.js'].map(isShipped),
  ).toEqual(Array(4).fill(true));
  expect(['docs/api/index.md', 'test/a.md', 'example/README.md', 'distant'].map(isShipped)).toEqual(
    Array(4).fill(false),
  );
});

test.each(pages.filter(isShipped))(
  'the links of %s lead to files of the npm package, or to those that only the repository is said to have',
  (page) => {
    const stated = repositoryOnly(page === 'README.md' ? page : 'docs/README.md');
    expect(notShipped(page).filter((target) => !within(stated, target))).toEqual([]);
  },
);

test('docs/README.md lists all pages', () => {
  const listed = linksOf('docs/README.md').map((link) => path.join('docs', link));
  const there = pages.filter(
    (page) => ['docs', 'docs/reference'].includes(path.dirname(page)) && page !== 'docs/README.md',
  );
  expect(there.filter((page) => !listed.includes(page))).toEqual([]);
});
