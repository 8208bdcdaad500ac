import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/**
 * The way `npm run format:check` wants it.
 *
 * @param {URL} path
 * @param {string} markdown
 */
export async function writePage(path, markdown) {
  const config = await resolveConfig(path);
  await writeFile(path, await format(markdown, { ...config, parser: 'markdown' }));
}
