import { randomUUID } from 'node:crypto';
import { canonicalJson } from '#libs/consent';
import { sha256 } from './hashes.js';
import type { OpeningEntry } from './party-ledger.js';

/**
 * The use that one run is. All runs of a task with its references resolved are one use until one of them opens something to others: what
 * the others bring may have changed, so that each further run is one more.
 */
export class RunUse {
  private readonly run = randomUUID();
  private readonly first: string;
  private use: string;

  constructor(task: object) {
    this.first = sha256(canonicalJson(task));
    this.use = this.first;
  }

  get now(): { readonly use: string; readonly run: string } {
    return { use: this.use, run: this.run };
  }

  /** Takes the first use that no other run has opened something under. Returns whether that is another than before. */
  take(openings: readonly OpeningEntry[]): boolean {
    const before = this.use;
    // Of two runs that open something at once, the first has the use.
    const owners = new Map<string, string | undefined>();
    for (const { use, run } of openings) if (!owners.has(use)) owners.set(use, run);
    this.use = this.first;
    for (let number = 2; owners.has(this.use) && owners.get(this.use) !== this.run; number += 1)
      this.use = sha256(`${this.first} ${number}`);
    return this.use !== before;
  }
}
