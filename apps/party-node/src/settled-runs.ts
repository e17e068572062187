import type { NodeFolder } from './node-folder.js';
import { dropRun, nameRun, unvoted } from './prepared-run.js';
import type { SiteStore } from './site-store.js';

/** What the control plane has decided of a run. */
export type Decided = 'COMMIT' | 'ABORT';

/**
 * Carries out the control plane's decisions on prepared runs. There is no time-out. A commit needs the votes of all members: the control plane
 * alone cannot make a run count.
 */
export class SettledRuns {
  private readonly votes = new Map<string, readonly string[]>();

  constructor(
    private readonly folder: NodeFolder,
    private readonly store: SiteStore,
  ) {}

  take(run: string, votes: readonly string[]): void {
    // Votes for other runs would only fill memory.
    if (this.store.prepared(run)) this.votes.set(run, votes);
  }

  /** Forgets the votes for all other runs. */
  keep(runs: ReadonlySet<string>): void {
    for (const run of this.votes.keys()) if (!runs.has(run)) this.votes.delete(run);
  }

  /** Returns what was done, for the log; undefined if the votes are missing still. Throws if it cannot be done now. */
  async settle(run: string, decided: Decided): Promise<string | undefined> {
    const prepared = this.store.prepared(run);
    if (!prepared) return decided === 'COMMIT' ? 'counts, and nothing of it is here' : 'came to nothing';
    if (decided === 'ABORT') {
      dropRun(this.folder, this.store, run, prepared.files);
      return 'came to nothing';
    }
    const votes = this.votes.get(run);
    if (!votes) return undefined; // They come in a frame of their own.
    const missing = await unvoted(prepared, votes);
    if (missing !== undefined)
      throw new Error(`it is said to count, but ${missing} has not signed what this site has: it stays as it is`);
    const gone = await nameRun(this.folder, this.store, run, prepared);
    if (gone !== undefined) return `counts, but ${gone}, which it had prepared, is gone: run the task again`;
    return 'counts: its files have their names';
  }
}
