import { NumberHolder } from '../mpc/bucket-sums.js';
import { askAnd } from '../mpc/private-and.js';
import type { PartySession } from '../mpc/session.js';
import { SideBits, type Command, type DealerCommand } from './commands.js';
import { packed, unpacked, type Gradients } from './gradients.js';
import type { Histogram, Peer, PeerSplit } from './tree.js';

/** Sends a command to the feature holder and to the dealer. */
export type Tell = (command: Command, dealer: DealerCommand) => Promise<void>;

/** For each split, by id, which of the rows that reach it go left. `reaches` counts rows from `from`. */
export type Route = (
  ids: readonly number[],
  from: number,
  to: number,
  reaches: (list: number, row: number) => boolean,
) => Promise<(list: number, row: number) => boolean>;

/**
 * The {@link Route} of the feature holder's splits. It learns which splits are asked for, but not which rows reach
 * them.
 */
export async function askRoute(
  session: PartySession,
  tell: Tell,
  ...[ids, from, to, reaches]: Parameters<Route>
): ReturnType<Route> {
  const asked = new SideBits(ids.length, to - from);
  for (let list = 0; list < ids.length; list += 1) {
    for (let row = 0; row < to - from; row += 1) if (reaches(list, row)) asked.set(list, row);
  }
  await tell({ op: 'route', splits: ids, from, to }, { op: 'and', bytes: asked.bytes.length });
  const answer = new SideBits(ids.length, to - from, await askAnd(session, asked.bytes));
  return (list, row) => answer.has(list, row);
}

/** The feature holder as the label's party reaches it: only sums and the sides of a node's own rows come back. */
export class MaskedPeer implements Peer {
  private splits = 0;

  private constructor(
    private readonly session: PartySession,
    private readonly rows: number,
    readonly counts: readonly number[],
    private readonly holder: NumberHolder,
    private readonly tell: Tell,
  ) {}

  /** Starts the session. `counts` is the number of buckets of each of its columns. */
  static async start(session: PartySession, rows: number, counts: readonly number[], tell: Tell): Promise<MaskedPeer> {
    return new MaskedPeer(session, rows, counts, await NumberHolder.start(session, rows, counts), tell);
  }

  async histograms(
    gradients: Gradients,
    nodes: readonly Uint32Array[],
    columns: readonly number[],
  ): Promise<Histogram[]> {
    const command = { op: 'sums', nodes: nodes.length, columns } as const;
    await this.tell(command, command);
    const histograms: Histogram[] = [];
    const collect = async (): Promise<void> => {
      histograms.push(unpacked(await this.holder.collect(columns)));
    };
    // Exactly one answer is always in flight: the parties then work in parallel, and none blocks on a full line.
    for (const [at, rows] of nodes.entries()) {
      await this.holder.ask(packed(gradients, rows), columns);
      if (at > 0) await collect();
    }
    await collect();
    return histograms;
  }

  async sides(splits: readonly PeerSplit[]): Promise<((row: number) => boolean)[]> {
    const asked = new SideBits(splits.length, this.rows);
    splits.forEach(({ rows }, list) => rows.forEach((row) => asked.set(list, row)));
    await this.tell(
      { op: 'split', splits: splits.map(({ column, bucket }) => [column, bucket] as const) },
      { op: 'and', bytes: asked.bytes.length },
    );
    this.splits += splits.length;
    const answer = new SideBits(splits.length, this.rows, await askAnd(this.session, asked.bytes));
    return splits.map((_, list) => (row) => answer.has(list, row));
  }

  /** Upper bound, exclusive, of the split ids so far. */
  get splitCount(): number {
    return this.splits;
  }

  readonly route: Route = (...which) => askRoute(this.session, this.tell, ...which);

  async done(training: string): Promise<void> {
    await this.tell({ op: 'done', training }, { op: 'done' });
  }
}
