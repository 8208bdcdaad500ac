import fc from 'fast-check';

/**
 * Texts that have broken other programs: SQL, templates, prototypes, Unicode whose length changes with its case or form, sizes just
 * at a limit.
 */
const TROUBLESOME = [
  '',
  ' ',
  '\0',
  '\u0000admin',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  "' OR 1=1; --",
  '"; DROP TABLE visa_users; --',
  '${7*7}{{7*7}}',
  '../../etc/passwd',
  '%00',
  '%ff%fe',
  '%E0%A4%A',
  '\r\nSet-Cookie: accessToken=x',
  'j:{"a":1}',
  's:signed.signature',
  'null',
  'undefined',
  'NaN',
  '\u0130\u0131\u00df\u03c2\u03a3\ufb01',
  '\u1e9e\u0345\u1f80',
  '\ud83d',
  '\udc00\ud800',
  '\u202eadmin',
  '\ufeff\u2028\u2029\u00a0',
  'e\u0301\u0301\u0301',
  '\u{1f469}\u200d\u{1f4bb}',
  'x'.repeat(254),
  '\u00e9'.repeat(255),
  'x'.repeat(8 * 1024 + 1),
];

/** Any UTF-16 code units, also lone surrogates. */
export const utf16 = fc
  .array(fc.nat(0xffff), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  utf16,
  fc.constantFrom(...TROUBLESOME),
);

/** Anything that a header may contain on the wire: one byte for each character, and no line break. */
export const headerText = anyText.map((text) =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[\r\n\0]/g, ' ')
    .slice(0, 9000),
);

const numbers = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 2 ** 53, 1e308, -1e-308));
const leaf = fc.oneof(anyText, numbers, fc.boolean(), fc.constant(null));
const key = fc.oneof(
  anyText,
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'length', 'toJSON', 'then'),
);

/** Anything that JSON can express. Members with names like `__proto__` are own members. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, tie('array'), tie('object')),
  array: fc.array(tie('value'), { maxLength: 5 }),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries) as unknown),
})).value;

/** JSON texts that `JSON.stringify` never yields, or hardly ever. */
export const extremeJson = fc.oneof(
  fc.integer({ min: 100, max: 7000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 100, max: 2500 }).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
  fc.nat(2000).map((width) => `{${Array.from({ length: width }, (_, n) => `"k${n}":${n}`).join()}}`),
  fc.nat(300).map((digits) => `{"username":1${'0'.repeat(digits)}e${digits}}`),
  fc.integer({ min: 16_300, max: 16_400 }).map((size) => `{"x":"${'x'.repeat(size - 8)}"}`),
  fc.constantFrom(
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"username":"a","username":"b"}',
    '{"a":"\\ud800"}',
    '\ufeff{}',
    '{}garbage',
    '',
    '1e400',
    '-',
  ),
);
