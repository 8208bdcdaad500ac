import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  // The feature of the tests compiles inside a copy of src/: test/features/one-more-feature.slow.ts
  globalIgnores([
    'dist/',
    'coverage/',
    'docs/api/',
    'example/data/',
    'test/.docs-*/',
    'test/features/terms-of-use/',
  ]),
  js.configs.recommended,
  {
    files: ['**/*.{ts,mts,cts}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      // Express 5 awaits handlers, and the router for Express 4 forwards their rejections itself.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // The body of an HTTP response is `any`; the assertions check it.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // Its libraries may not be installed, and then their types are not known: test/libs/types.slow.ts checks them.
  { files: ['test/libs/**/*.ts'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Plain scripts: tsc checks their types through JSDoc.
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: nodeGlobals() },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
  { files: ['example/public/**'], languageOptions: { globals: browserGlobals() } },
  { files: ['**/*.js'], languageOptions: { sourceType: 'commonjs' } },
  { rules: { eqeqeq: 'error' } },
  {
    files: ['src/**'],
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 70 }],
    },
  },
  {
    // Tables: of statements, of schemas, of cases.
    files: ['src/stores/postgres/refresh-token-sql.ts', 'src/http/answer-schemas.ts', 'src/testing/**'],
    rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' },
  },
);

function nodeGlobals() {
  const names = ['console', 'process', 'Buffer', 'URL', 'fetch', 'setTimeout', 'clearTimeout', 'setInterval'];
  return Object.fromEntries(
    [...names, 'clearInterval', 'performance', 'AbortSignal'].map((name) => [name, 'readonly']),
  );
}

function browserGlobals() {
  const names = ['document', 'navigator', 'location', 'history', 'localStorage', 'addEventListener', 'CSS'];
  return Object.fromEntries(
    [...names, 'Node', 'Request', 'HTMLInputElement', 'Blob', 'DOMException', 'print'].map((name) => [
      name,
      'readonly',
    ]),
  );
}
