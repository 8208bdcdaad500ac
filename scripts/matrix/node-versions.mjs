import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { install } from './project.mjs';
import { run } from './run.mjs';

/**
 * The paths of the Node programs of these major versions: this process's own, or one from the package `node`, which is what
 * `npx node@22` runs. Each is 100 MB, so they are kept, in a folder of the user below the temporary one.
 * @param {string[]} majors
 * @returns {Promise<Map<string, string>>}
 */
export async function findNodes(majors) {
  const own = process.versions.node.split('.')[0];
  const others = majors.filter((major) => major !== own);
  const folder = others.length > 0 ? await installNodes(others) : '';
  return new Map(
    majors.map((major) => [
      major,
      major === own ? process.execPath : join(folder, `node_modules/node${major}/bin/node`),
    ]),
  );
}

/** @param {string[]} majors */
async function installNodes(majors) {
  const folder = ownFolder();
  for (const major of majors) {
    const node = join(folder, `node_modules/node${major}/bin/node`);
    const works = run(node, ['--version'], { cwd: folder });
    await works.catch(() => install(folder, [`node${major}@npm:node@${major}`]));
  }
  return folder;
}

/** Programs are run from this folder, so it must belong to this user only. */
function ownFolder() {
  const { uid, username } = userInfo();
  const folder = join(tmpdir(), `passport-visa-nodes-${username}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid) || (uid >= 0 && (found.mode & 0o022) !== 0))
    throw new Error(`${folder} is somebody else's, or others may write there: remove it`);
  return folder;
}
