const FULL = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

/** Errors by run. The log has each once, until the error changes. */
export class Faults {
  private readonly last = new Map<string, string>();

  constructor(private readonly log: (message: string) => void) {}

  /** Does some work on a run. If it fails, the work on other runs goes on. */
  async apart(run: string, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
      this.last.delete(run);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      // All runs meet a full disk.
      const key = code !== undefined && FULL.includes(code) ? code : run;
      if (this.last.get(key) !== message) this.log(`${run === '' ? 'an offer' : `run ${run}`}: ${message}`);
      this.last.set(key, message);
    }
  }

  /** The last error of a run, but for a full disk. */
  of(run: string): string | undefined {
    return this.last.get(run);
  }

  clear(): void {
    this.last.clear();
  }
}
