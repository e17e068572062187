import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputFile } from '../party/input-files.js';
import type { PartyProgram } from '../party/party-program.js';
import { isParquet } from '../table/read-table.js';
import { FOLDERS } from './confine.js';

export interface StageArgs {
  /** Name of the file without its ending, and path. */
  readonly tables: readonly (readonly [name: string, path: string])[];
  /** Of this run alone, among the party's artifacts of the task. */
  readonly folder: string;
}

const CHUNK_BYTES = 1024 * 1024;

/** Copies the party's tables for a command: `in/<name>.csv` or `.parquet`, as each is. Makes the folders that it writes to. */
export const run: PartyProgram<StageArgs, null> = async (context, { tables, folder }) => {
  await mkdir(folder, { recursive: true });
  for (const name of Object.values(FOLDERS)) await mkdir(join(folder, name), { mode: 0o700 });
  for (const [at, [name, path]] of tables.entries()) {
    const input = await context.openInput(path);
    try {
      const ending = (await isParquet(input)) ? 'parquet' : 'csv';
      await copy(input, join(folder, FOLDERS.in, `${name}.${ending}`), (part) =>
        context.progress((at + part) / tables.length, 'copying tables'),
      );
    } finally {
      await input.close();
    }
  }
  return null;
};

async function copy({ handle, sizeBytes }: InputFile, target: string, progress: (part: number) => void): Promise<void> {
  const output = await open(target, 'wx', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; at < sizeBytes;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      await output.writeFile(buffer.subarray(0, bytesRead));
      at += bytesRead;
      progress(at / sizeBytes);
    }
  } finally {
    await output.close();
  }
}
