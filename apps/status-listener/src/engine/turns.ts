import { Injectable } from '@nestjs/common';

/**
 * Runs what changes chains one after the other. If a dispatch raised a chain's version between the load and the save of
 * its reports, the reports would have to be decided again.
 */
@Injectable()
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after all work that was given before. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
