import { Injectable } from '@nestjs/common';
import { Databases, engineQueries } from '#libs/repositories';

/** Loops that tick together look once. */
const TOGETHER_MS = 100;

/** Whether the loops have nothing to find, so that one look stands for all of theirs. */
@Injectable()
export class Idleness {
  private lookedAt = -Infinity;
  private answer: Promise<boolean> = Promise.resolve(false);

  constructor(private readonly databases: Databases) {}

  isIdle(): Promise<boolean> {
    const now = performance.now();
    if (now - this.lookedAt > TOGETHER_MS) {
      this.lookedAt = now;
      this.answer = engineQueries.isIdle(this.databases.engine);
    }
    return this.answer;
  }
}
