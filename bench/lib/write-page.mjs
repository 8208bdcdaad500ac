import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/**
 * Writes the page as `npm run format:check` expects it.
 *
 * @param {URL} path
 * @param {string} markdown
 */
export async function writePage(path, markdown) {
  const config = await resolveConfig(path);
  await writeFile(path, await format(markdown, { ...config, parser: 'markdown' }));
}
