interface Entry {
  readonly close: () => Promise<void>;
}

/** What was started and has to be closed before the program ends, however it ends. */
export class Opened {
  private readonly entries = new Set<Entry>();
  private ending: Promise<void> | undefined;

  /** Whether all is being closed, so that what still runs fails. */
  get stopping(): boolean {
    return this.ending !== undefined;
  }

  /** Starts something that is closed with all else, also when it is not up yet by then. Returns it, and how to close it before. */
  async open<T>(start: () => Promise<T>, end: (opened: T) => Promise<void>): Promise<[T, () => Promise<void>]> {
    if (this.ending !== undefined) throw new Error('the benchmark is stopping');
    const starting = start();
    const entry: Entry = {
      close: async () => {
        if (this.entries.delete(entry)) await end(await starting);
      },
    };
    this.entries.add(entry);
    try {
      return [await starting, entry.close];
    } catch (error) {
      this.entries.delete(entry);
      throw error;
    }
  }

  /** Closes everything, the latest first. */
  closeAll(): Promise<void> {
    this.ending ??= (async () => {
      for (const { close } of [...this.entries].reverse()) await close().catch(() => undefined);
    })();
    return this.ending;
  }

  /** From here on Ctrl-C and SIGTERM close everything first. */
  closeOnSignal(say: (words: string) => void): void {
    const stop = (signal: NodeJS.Signals): void => {
      say(`${signal}: stopping what was started …`);
      void this.closeAll().finally(() => process.exit(130));
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
  }
}
