import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap } from '../contract/json-values.js';
import { JOB_ID } from './job-request.js';

/** Beside the folders of the parties, whose names begin with a letter. */
export const NOTES = '.kuscia';

/** What is noted of a job. `open`: it is made, or is about to be. `fenced`: it never will be. `ending`: nobody has confirmed yet that it has ended. `done`: it has succeeded. */
const STATES = ['open', 'fenced', 'ending', 'done'] as const;
export type NoteState = (typeof STATES)[number];

export interface JobNote {
  readonly state: NoteState;
  /** The attempt that follows it. */
  readonly follower: number;
}

/** A note, and how long ago it was kept, ms. */
export interface LeftJob {
  readonly id: string;
  readonly note: JobNote;
  readonly ageMs: number;
}

/**
 * Notes of the jobs that Kuscia has, or is about to get, of this system: a file for each, in a folder that all workers share. A note is there before its job is, so that no job is forgotten.
 */
export class KusciaNotes {
  private readonly folder: string;

  constructor(dataRoot: string) {
    this.folder = join(dataRoot, NOTES);
  }

  /** Notes this unless something is noted of the job. Returns what is then noted. */
  async claim(id: string, note: JobNote): Promise<JobNote> {
    await mkdir(this.folder, { recursive: true, mode: 0o770 });
    const draft = await this.draft(note);
    try {
      // Whole at once, and once.
      await link(draft, this.path(id));
      return note;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return (await this.read(id)) ?? (await this.claim(id, note));
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Notes this, whatever was noted. */
  async set(id: string, note: JobNote): Promise<void> {
    await rename(await this.draft(note), this.path(id));
  }

  async read(id: string): Promise<JobNote | undefined> {
    const text = await readFile(this.path(id), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    return noteOf(text);
  }

  /** Notes that somebody follows the job now. */
  async keep(id: string): Promise<void> {
    const now = new Date();
    await utimes(this.path(id), now, now).catch(() => undefined);
  }

  /** Notes that nobody has to follow the job any more. */
  async letGo(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  async all(): Promise<readonly LeftJob[]> {
    const names = await readdir(this.folder).catch(() => []);
    const found = names
      .filter((name) => JOB_ID.test(name))
      .map(async (id) => {
        const [note, stats] = await Promise.all([this.read(id), stat(this.path(id))]).catch(() => []);
        return note && stats ? [{ id, note, ageMs: Date.now() - stats.mtimeMs }] : [];
      });
    return (await Promise.all(found)).flat();
  }

  private path(id: string): string {
    return join(this.folder, id);
  }

  private async draft(note: JobNote): Promise<string> {
    const path = join(this.folder, `.${randomUUID()}`);
    await writeFile(path, JSON.stringify(note), { mode: 0o660 });
    return path;
  }
}

/** One that a crash of the machine has cut off stands for a job that may be there, and that nobody follows. */
function noteOf(text: string): JobNote {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { state, follower } = isMap(value) ? value : {};
  const known = STATES.find((each) => each === state);
  return known !== undefined && typeof follower === 'number'
    ? { state: known, follower }
    : { state: 'open', follower: 0 };
}
