import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Session } from '../session.js';

/** Writes a new file that its owner alone may read. Throws where there is one. */
export async function writePrivate(path: string, text: string, { say }: Session): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw new Failure(EXIT.CONFLICT, say('{file} already exists. A key is never replaced.', { file: path }));
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Throws for a file that other users may read. No message quotes the file. */
export async function readPrivate(path: string, session: Session): Promise<string> {
  const { say } = session;
  const handle = await open(path, 'r');
  try {
    // The mode of what is open: the file behind a name can be replaced.
    const { mode } = await handle.stat();
    if (process.platform === 'win32')
      session.remark(say('Make sure that no other user may read {file}.', { file: path }));
    else if ((mode & 0o077) !== 0) {
      const message = say('{path} holds keys, and other users can read it.', { path });
      throw new Failure(EXIT.USAGE, message, { hint: `chmod 600 ${path}` });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
