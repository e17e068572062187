import { BucketHolder } from '../mpc/bucket-sums.js';
import { answerChosen } from '../mpc/chosen-bits.js';
import type { PartySession } from '../mpc/session.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import type { Bucketed } from '../vertical/buckets.js';
import { Allowance, type Limits } from './allowance.js';
import { SideBits, type Command, type Known } from './commands.js';

/** A split of an own column in a tree: rows up to `threshold` go left. */
export interface OwnSplit {
  readonly tree: number;
  readonly column: number;
  readonly threshold: number;
}

/**
 * The party without the label: serves commands until `done`. It learns the chosen splits of its columns and the name of
 * the training. Its sums and answers are masked; `predict` are the rows to predict.
 */
export async function serveFeatures(
  session: PartySession,
  columns: readonly Bucketed[],
  predict: NumericColumns | null,
  peer: string,
  limits: Limits,
  next: (known: Known) => Promise<Command>,
): Promise<{ splits: OwnSplit[]; training: string }> {
  const counts = columns.map(({ count }) => count);
  const holder = await BucketHolder.start(
    session,
    columns.map(({ of }) => of),
    counts,
  );
  const splits: OwnSplit[] = [];
  const allowance = new Allowance(peer, limits);
  let tree = 0;
  for (;;) {
    const known = { edges: columns.map(({ edges }) => edges.length), splits: splits.length, rows: predict?.rows ?? 0 };
    const command = await next(known);
    allowance.check(command);
    switch (command.op) {
      case 'sums':
        tree = command.tree;
        for (let node = 0; node < command.nodes; node += 1) await holder.answer(command.columns);
        break;
      case 'split': {
        const rows = columns[0]!.of.length;
        const bits = new SideBits(command.splits.length, rows);
        command.splits.forEach(([column, bucket], list) => {
          const { of, edges } = columns[column]!;
          splits.push({ tree, column, threshold: edges[bucket]! });
          for (let row = 0; row < rows; row += 1) if (of[row]! <= bucket) bits.set(list, row);
        });
        await answerChosen(session, { rows, lists: [command.splits.length] }, bits.bytes);
        break;
      }
      case 'route':
        await answerRoute(session, splits, predict!, command);
        break;
      case 'done':
        return { splits, training: command.training };
    }
  }
}

/** Answers, under a mask, on which side of its own splits the rows of a table go. */
export async function answerRoute(
  session: PartySession,
  splits: readonly OwnSplit[],
  table: NumericColumns,
  { splits: groups, from, to }: Extract<Command, { op: 'route' }>,
): Promise<void> {
  const ids = groups.flat();
  const bits = new SideBits(ids.length, to - from);
  ids.forEach((id, list) => {
    const { column, threshold } = splits[id]!;
    for (let row = from; row < to; row += 1) {
      if (table.values[row * table.columns + column]! <= threshold) bits.set(list, row - from);
    }
  });
  await answerChosen(session, { rows: to - from, lists: groups.map(({ length }) => length) }, bits.bytes);
}
