const FULL = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

/** What could not be done, by run: each is told once, until it is something else. */
export class Faults {
  private readonly told = new Map<string, string>();

  constructor(private readonly log: (message: string) => void) {}

  /** What fails of one run keeps no other one from its turn. */
  async apart(run: string, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
      this.told.delete(run);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      // All runs meet a full disk.
      const key = code !== undefined && FULL.includes(code) ? code : run;
      if (this.told.get(key) !== message) this.log(`${run === '' ? 'an offer' : `run ${run}`}: ${message}`);
      this.told.set(key, message);
    }
  }

  /** What could not be done of this run alone. */
  of(run: string): string | undefined {
    return this.told.get(run);
  }

  clear(): void {
    this.told.clear();
  }
}
