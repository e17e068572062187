import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../contract/task-runner.js';

/** Whether this process can make files in a folder, which is made where it is not there. Never throws. */
export async function folderFinding(what: string, folder: string, mend: string): Promise<Finding> {
  const lack = `${folder} cannot be written to: ${mend}`;
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    await mkdir(probe, { recursive: true });
    await rm(probe, { recursive: true });
    return { what, found: folder, mend: lack };
  } catch {
    return { what, found: null, mend: lack };
  }
}
