const { KNOW_EXPRESS, MAY_IMPORT, ROOTS } = require('./scripts/layers.cjs');

const EXPRESS = '^node_modules/(@types/)?(express|passport|passport-local|passport-jwt|cookie-parser)/';

/** The folders of src/stores/ but `app-table`, which those over the app's own table share. */
const BACKENDS = 'memory|postgres|redis|mysql|sqlite|prisma|drizzle|kysely|knex';

/** A folder of src/, or a file at its top. */
const inside = (names) => `^src/(${names.join('|')})(/|\\.m?ts$)`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count too: files that need each other's types can't be read one at a time either.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
  forbidden: [
    { name: 'no-circles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'stays-inside-src',
      comment: 'What is shipped must not need the rest of the repository.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|example|bench|soak|dist|docs)/' },
    },
    ...Object.entries(ROOTS).map(([root, allowed]) => ({
      name: `${root}-is-a-root`,
      comment: `src/${root} may import every folder, and of the roots ${allowed.join(', ') || 'none'} (scripts/layers.cjs).`,
      severity: 'error',
      from: { path: inside([root]) },
      to: {
        path: inside([
          'client',
          ...Object.keys(ROOTS).filter((other) => ![root, ...allowed].includes(other)),
        ]),
      },
    })),
    {
      name: 'one-backend-knows-no-other',
      comment: 'Interfaces know no backend, and no backend another one.',
      severity: 'error',
      from: { path: `^src/stores/(?:(${BACKENDS})/)?` },
      to: { path: `^src/stores/(${BACKENDS})/`, pathNot: '^src/stores/$1/' },
    },
    {
      name: 'one-feature-knows-no-other',
      comment: 'A feature works without the others, and the config knows only their type.',
      severity: 'error',
      from: { path: '^src/(?:features/([^/]+)/|config/)' },
      to: { path: '^src/features/[^/]+/', pathNot: '^src/features/$1/' },
    },
    {
      name: 'every-folder-has-a-row',
      comment: 'A new folder of src/ needs a row in scripts/layers.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: inside([...Object.keys(MAY_IMPORT), ...Object.keys(ROOTS)]) },
      to: {},
    },
    ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
      name: `${folder}-imports-downwards`,
      comment: `src/${folder} may import ${allowed.join(', ') || 'nothing of ours'} (scripts/layers.cjs).`,
      severity: 'error',
      from: { path: inside([folder]) },
      to: { path: '^src/', pathNot: inside([folder, ...allowed]) },
    })),
    ...Object.keys(MAY_IMPORT)
      .filter((folder) => !KNOW_EXPRESS.includes(folder))
      .map((folder) => ({
        name: `${folder}-knows-no-express`,
        comment: `src/${folder} must work without Express (scripts/layers.cjs).`,
        severity: 'error',
        from: { path: inside([folder]) },
        to: { path: EXPRESS },
      })),
  ],
};
