import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OpenApiDocument } from '../../src';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/openapi.md');

test('Serve it: the page shows /auth/openapi.json', async () => {
  const browse = await page.start('serve');
  const document = (await (await browse('/auth/openapi.json')).json()) as OpenApiDocument;
  expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/auth' }] });
  const html = await (await browse('/docs')).text();
  expect(html).toContain("url: '/auth/openapi.json'");
});

test('Types for a client: the document is written to a file', async () => {
  const file = path.join(tmpdir(), `auth.openapi.${process.pid}.json`);
  const [code] = await once(page.run('write', { OPENAPI_FILE: file }), 'exit');
  expect(code).toBe(0);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty(['paths', '/login', 'post']);
  rmSync(file);
});

test('In your own document: every reference resolves', async () => {
  const browse = await page.start('merge');
  const document = (await (await browse('/openapi.json')).json()) as OpenApiDocument;
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/profile', '/auth/login', '/auth/sessions/{id}']),
  );
  const references = JSON.stringify(document).match(/(?<="\$ref":"#\/)[^"]+/g) ?? [];
  expect(references.length).toBeGreaterThan(50);
  for (const reference of references) expect(document).toHaveProperty(reference.split('/'));
  const named = Object.values(document.paths['/profile']?.['get'].security as object[]).flatMap(Object.keys);
  expect(Object.keys(document.components.securitySchemes)).toEqual(expect.arrayContaining(named));
});

test('the session id in a path has a description and an example', async () => {
  const browse = await page.start('serve');
  const { paths } = (await (await browse('/auth/openapi.json')).json()) as OpenApiDocument;
  expect(paths['/sessions/{id}']?.['delete']).toHaveProperty(
    ['parameters', 0, 'example'],
    'CxtGl3WtrT3w1jHdOM2e7Q',
  );
});
