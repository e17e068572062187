import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ledgerFile, TaskFailure } from '#libs/compute';
import type { NodeFile, NodeFolder } from './node-folder.js';
import type { LedgerHead, Mark } from './sealed-mark.js';
import { NONE, type Entry } from './site-log.js';
import type { SiteStore } from './site-store.js';

const READ_BYTES = 64 * 1024;

/** A ledger as it lies in the folder of a site. A dealer and a folder that nobody has claimed have none: it is empty then. */
class LedgerFile {
  private read = createHash('sha256');
  private bytes = 0;

  constructor(private readonly path: string) {}

  size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** How far it goes now. It reads on from where it stopped the last time. */
  head(): LedgerHead {
    const size = this.size();
    if (size < this.bytes) [this.read, this.bytes] = [createHash('sha256'), 0];
    // A mark that outlives the rows it is of, by a power cut, would shut the site out.
    if (size > this.bytes) this.toDisk();
    this.bytes += this.hash(this.read, this.bytes, size);
    return { bytes: this.bytes, hash: hexOf(this.read.copy()) };
  }

  private toDisk(): void {
    const file = openSync(this.path, 'r');
    try {
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Whether it still begins with what it was. */
  extends({ bytes, hash }: LedgerHead): boolean {
    const read = createHash('sha256');
    return this.hash(read, 0, bytes) === bytes && hexOf(read) === hash;
  }

  /** Hashes what lies between two places. Returns how many bytes that were. */
  private hash(into: Hash, from: number, to: number): number {
    if (to <= from || this.size() === 0) return 0;
    const file = openSync(this.path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      let at = from;
      for (;;) {
        const read = readSync(file, buffer, 0, Math.min(READ_BYTES, to - at), at);
        if (read === 0) return at - from;
        into.update(buffer.subarray(0, read));
        at += read;
      }
    } finally {
      closeSync(file);
    }
  }
}

const hexOf = (hash: Hash): string => `sha256:${hash.digest('hex')}`;

/** What of the records is older, or another, than a mark says. */
type Missing = 'ledger' | 'log';

/**
 * The records of a site, by which its budgets count: the ledger of its party, and its log. Other sites keep sealed marks of how far they go, and
 * the log keeps how far the ledger goes. Where the records do not go so far, they were restored from an older backup, cut off or changed:
 * the site takes no part until the newer ones are back, or its owner has accepted the loss.
 */
export class SiteRecords {
  private readonly ledger: LedgerFile;

  constructor(
    { dataRoot }: Pick<NodeFolder, 'dataRoot'>,
    { name }: Pick<NodeFile, 'name'>,
    private readonly store: SiteStore,
  ) {
    this.ledger = new LedgerFile(ledgerFile(join(dataRoot, name)));
  }

  /** Throws RECORDS_OLD where the records do not go as far as they have to. Else notes how far the ledger goes. */
  require(): void {
    const before = this.counted();
    if (before && !this.ledger.extends(before) && this.unsettled().length === 0)
      this.found({ ...this.now(), ledger: before }, 'this log');
    if (this.unsettled().length > 0) throw recordsOld();
    this.note();
  }

  /** Notes in the log how far the ledger goes, where it goes further. */
  note(): void {
    const head = this.ledgerHead(); // Where it is undefined, the next run says so.
    if (head && head.bytes > (this.counted()?.bytes ?? 0)) this.store.note('counted', { ledger: { ...head } });
  }

  /** Throws RECORDS_OLD where the records do not go as far as a mark of this site, which somebody kept. */
  requireMark(mark: Mark, by: string): void {
    if (this.missing(mark).length === 0) return;
    this.found(mark, by);
    throw recordsOld();
  }

  /** What the owner would accept as lost; nothing where the records go as far as they have to. */
  unsettled(): readonly Missing[] {
    return [...new Set(this.findings().flatMap((mark) => this.missing(mark)))];
  }

  /** From now on the records as they are count, and no mark of before. */
  acceptLoss(reason: string): void {
    const losses = 1 + Math.max(this.losses, ...this.findings().map((mark) => mark.losses));
    this.store.note('loss accepted', {
      ...{ losses, missing: this.unsettled(), ledger: { ...this.ledger.head() }, reason },
    });
  }

  ledgerBytes(): number {
    return this.ledger.size();
  }

  /** How far the ledger goes; undefined where it does not begin with what the log has noted of it. */
  ledgerHead(): LedgerHead | undefined {
    const before = this.counted();
    return before && !this.ledger.extends(before) ? undefined : this.ledger.head();
  }

  /** How far they go now. */
  now(): Mark {
    const [last] = this.store.entries(1);
    const log = { seq: last?.seq ?? 0, hash: last?.hash ?? NONE };
    return { losses: this.losses, ledger: this.ledger.head(), log };
  }

  private get lastLoss(): Entry | undefined {
    return this.store.entriesOf('loss accepted').at(-1);
  }

  private get losses(): number {
    return (this.lastLoss?.details['losses'] as number | undefined) ?? 0;
  }

  /** How far the ledger went when the log noted it last. */
  private counted(): LedgerHead | undefined {
    const loss = this.lastLoss;
    const last = this.store.entriesOf('counted', loss?.seq).at(-1) ?? loss;
    return last?.details['ledger'] as LedgerHead | undefined;
  }

  /** The marks beyond these records that were seen since the last loss that was accepted. */
  private findings(): readonly Mark[] {
    return this.store.entriesOf('records old', this.lastLoss?.seq).map(({ details }) => details['mark'] as never);
  }

  private missing({ losses, ledger, log }: Mark): readonly Missing[] {
    const own = this.losses;
    if (losses < own) return []; // Accepted since.
    const hasLog = log.seq === 0 || this.store.hasEntry(log.hash);
    return [
      ...(losses === own && this.ledger.extends(ledger) ? [] : ['ledger' as const]),
      ...(losses === own && hasLog ? [] : ['log' as const]),
    ];
  }

  private found(mark: Mark, by: string): void {
    if (this.findings().some((each) => isDeepStrictEqual(each, mark))) return;
    this.store.note('records old', { by, missing: this.missing(mark), mark: mark as never });
  }
}

const recordsOld = (): TaskFailure =>
  new TaskFailure(
    'RECORDS_OLD',
    'The ledger or the log of this site does not go as far as it went: it was restored from an older backup, or cut off. Its owner puts the newer data/<party>/.party/ledger.jsonl and site.db back, or accepts the loss by task-chain-node accept-loss.',
  );
