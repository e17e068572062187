import type { Marks } from '#libs/compute';
import { PeerFault, type Peer } from '#libs/peers';
import type { NodeFolder } from './node-folder.js';
import { markKey, openMark, sealMark } from './sealed-mark.js';
import type { SiteRecords } from './site-records.js';
import type { SiteStore } from './site-store.js';

interface Options {
  readonly store: SiteStore;
  readonly records: SiteRecords;
  log(message: string): void;
}

/** The marks of a run: what the other members keep for this site, and what it keeps for them. */
export class SiteMarks implements Marks {
  /** The members that keep marks, by name: the fingerprints of their keys. */
  private readonly keepers = new Map<string, string>();
  private sealed: { readonly bytes: number; readonly mark: string } | undefined;

  private constructor(
    private readonly key: Buffer,
    private readonly options: Options,
  ) {}

  static async open(folder: NodeFolder, options: Options): Promise<SiteMarks> {
    return new SiteMarks(markKey(await folder.ownKey()), options);
  }

  /** What this site keeps for members, by name. */
  held(members: ReadonlyMap<string, Peer>): ReadonlyMap<string, string> {
    const all = [...members].map(([name, { fingerprint }]) => [name, this.options.store.mark(fingerprint)] as const);
    return new Map(all.filter((each): each is [string, string] => each[1] !== undefined));
  }

  /** Takes what a member keeps for this site. Throws RECORDS_OLD where the records do not go so far, and PeerFault where it is no mark of this site. */
  returned(member: string, fingerprint: string, held: unknown): void {
    if (held === undefined) return; // It is of a version that keeps none.
    this.keepers.set(member, fingerprint);
    if (held === null) return;
    const mark = openMark(this.key, held);
    if (!mark)
      throw new PeerFault(
        'PROTOCOL_VIOLATION',
        member,
        `The site of ${member} gave back what this site never gave it.`,
      );
    this.options.records.requireMark(mark, fingerprint);
  }

  own(member: string): string | undefined {
    if (!this.keepers.has(member)) return undefined;
    const bytes = this.options.records.ledgerBytes();
    // Of what was cut off during the run there is no new mark: the others keep the one of before.
    if (this.sealed && bytes <= this.sealed.bytes) return this.sealed.mark;
    const now = this.options.records.now();
    this.sealed = { bytes: now.ledger.bytes, mark: sealMark(this.key, now) };
    return this.sealed.mark;
  }

  keep(member: string, mark: string): void {
    const fingerprint = this.keepers.get(member);
    if (fingerprint === undefined) return;
    try {
      this.options.store.keepMark(fingerprint, mark);
    } catch (error) {
      // It is for the good of the other site, and no reason to end the run.
      this.options.log(`what ${member} gave to keep could not be kept: ${(error as Error).message}`);
    }
  }
}
