import { NumberHolder } from '../mpc/bucket-sums.js';
import { askChosen } from '../mpc/chosen-bits.js';
import type { PartySession } from '../mpc/session.js';
import type { Command, DealerCommand } from './commands.js';
import { packed, unpacked, type Gradients } from './gradients.js';
import type { Histogram, Peer, PeerSplit, Place } from './tree.js';

/** Sends a command to the feature holder and to the dealer. */
export type Tell = (command: Command, dealer: DealerCommand) => Promise<void>;

/**
 * For splits by id, those of a tree together, the bits of the rows from `from` to `to` by tree: whether the row goes left
 * at its choice, the place of a split in its list, from 1; 0 for none.
 */
export type Route = (
  groups: readonly (readonly number[])[],
  from: number,
  to: number,
  choices: readonly Uint16Array[],
) => Promise<Uint8Array[]>;

/**
 * The {@link Route} of the feature holder's splits. It learns which splits are asked for, but not which rows reach
 * them.
 */
export async function askRoute(
  session: PartySession,
  tell: Tell,
  ...[groups, from, to, choices]: Parameters<Route>
): ReturnType<Route> {
  const lists = groups.map(({ length }) => length);
  await tell({ op: 'route', splits: groups, from, to }, { op: 'choice', rows: to - from, lists });
  return askChosen(session, lists, choices);
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
    place: Place,
  ): Promise<Histogram[]> {
    const sizes = { op: 'sums', nodes: nodes.length, columns } as const;
    await this.tell({ ...sizes, ...place }, sizes);
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
    const choices = new Uint16Array(this.rows);
    splits.forEach(({ rows }, list) => rows.forEach((row) => (choices[row] = list + 1)));
    const lists = [splits.length];
    await this.tell(
      { op: 'split', splits: splits.map(({ column, bucket }) => [column, bucket] as const) },
      { op: 'choice', rows: this.rows, lists },
    );
    this.splits += splits.length;
    const [bits] = await askChosen(this.session, lists, [choices]);
    return splits.map(() => (row) => bits![row] === 1);
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
