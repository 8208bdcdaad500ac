import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const docs = path.join(__dirname, '../../docs');
const read = (page: string): string => readFileSync(path.join(docs, page), 'utf8');

/** The sections of OWASP ASVS 5.0.0 that docs/security.md covers, with the levels of their requirements in order. */
const SECTIONS: Record<string, string> = {
  '3.1': '3',
  '3.2': '113',
  '3.3': '12223',
  '3.4': '11222233',
  '3.5': '11122333',
  '3.6': '3',
  '3.7': '22333',
  '6.1': '122',
  '6.2': '111111112222',
  '6.3': '11223333',
  '6.4': '112233',
  '6.5': '22222333',
  '6.6': '2223',
  '6.7': '33',
  '6.8': '2222',
  '7.1': '222',
  '7.2': '1111',
  '7.3': '22',
  '7.4': '11222',
  '7.5': '223',
  '7.6': '22',
  '9.1': '111',
  '9.2': '1222',
  '16.1': '2',
  '16.2': '22222',
  '16.3': '2222',
  '16.4': '222',
  '16.5': '2223',
};
const LEVELS = Object.entries(SECTIONS).flatMap(([section, levels]) =>
  Array.from(levels, (level, index) => `${section}.${index + 1}: level ${level}`),
);

interface Requirement {
  number: string;
  level: string;
  state: string;
  how: string;
}

const text = read('security.md');

/** Each requirement has a heading, and below it its level, its state and how it is met. */
const requirements: Requirement[] = text.split(/^(?=#+ )/m).flatMap((section) => {
  const [, number = '', level = '', state = '', how = ''] =
    /^#### (\d+\.\d+\.\d+) .+\n\nLevel (\d), \*\*([^*]+)\*\*\. ([\s\S]+)$/.exec(section) ?? [];
  return number === '' ? [] : [{ number, level, state, how: how.trim() }];
});
const notApplicable = Array.from(
  text.matchAll(/^- \*\*(\d+\.\d+\.\d+)\*\* \(level (\d)\): (.+)$/gm),
  ([, number = '', level = '', reason = '']) => ({ number, level, reason }),
);

/** A page names a test by a link whose text is the test's title in the source. */
const namedTests = (page: string) =>
  Array.from(
    page.matchAll(/\[((?:\\.|[^[\]\\])+)\]\((\.\.\/(?:test|src)\/[^)\s]+)\)/g),
    ([, title = '', file = '']) => ({ title: title.replaceAll(/\\(.)/g, '$1'), file }),
  );

/** Why a named test can't be found, if it can't. */
function missing({ title, file }: { title: string; file: string }): string[] {
  if (!existsSync(path.join(docs, file))) return [`${file} is not there`];
  // In the source an apostrophe may be escaped.
  const source = read(file).replaceAll("\\'", "'");
  return source.includes(title) ? [] : [`${file} has no test '${title}'`];
}

test('the page has each requirement of the five chapters once, with its level', () => {
  const listed = [...requirements, ...notApplicable].map(({ number, level }) => `${number}: level ${level}`);
  expect(listed.sort()).toEqual([...LEVELS].sort());
});

test.each(requirements)(
  '$number is met by a test, or says what the app must do, or why it is not met',
  ({ state, how }) => {
    expect(['met', 'app', 'not met']).toContain(state);
    if (state === 'met') expect(namedTests(how)).not.toEqual([]);
    // What to do must be concrete: an option, code or a page.
    if (state === 'app') expect(how).toMatch(/`[^`]+`|\]\([^)]+\)/);
    expect(how.length).toBeGreaterThan(30);
  },
);

test('the overview counts the requirements by chapter', () => {
  const counted = Array.from(text.matchAll(/^### (V(\d+) .+)$/gm), ([, title = '', chapter = '']) => {
    const inChapter = ({ number }: { number: string }) => number.startsWith(`${chapter}.`);
    const states = requirements.filter(inChapter).map(({ state }) => state);
    const counts = ['met', 'app', 'not met'].map((state) => states.filter((one) => one === state).length);
    return [title, ...counts, notApplicable.filter(inChapter).length].join(' | ');
  });
  const overview = Array.from(text.matchAll(/^\| (V\d+ .*\d) *\|$/gm), ([, row = '']) =>
    row.replaceAll(/ +\| +/g, ' | '),
  );
  expect(counted).toHaveLength(5);
  expect(overview).toEqual(counted);
});

test.each(notApplicable)("$number, which doesn't apply to this module, says why", ({ reason }) => {
  expect(reason.length).toBeGreaterThan(10);
});

test.each(['security.md', 'threat-model.md'])('%s names tests that exist', (page) => {
  const named = namedTests(read(page));
  expect(named.length).toBeGreaterThan(10);
  expect(named.flatMap(missing)).toEqual([]);
});
