import { readFileSync } from 'node:fs';
import path from 'node:path';

const { files } = JSON.parse(readFileSync(path.join(__dirname, '../../package.json'), 'utf8')) as {
  files: string[];
};
/** npm adds these by itself. */
const patterns = [...files, 'package.json', 'README.md', 'LICENSE'];

/** Whether the npm package has this file, or files in this folder. @param file relative to the root of the repository */
export function isShipped(file: string): boolean {
  const name = file.replace(/\/$/, '');
  return patterns.some((pattern) =>
    pattern.endsWith('/*.md')
      ? path.dirname(pattern) === (name.endsWith('.md') ? path.dirname(name) : name)
      : name === pattern || name.startsWith(`${pattern}/`),
  );
}
