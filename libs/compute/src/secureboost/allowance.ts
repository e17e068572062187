import { violation } from '../contract/peer-message.js';
import type { Command } from './commands.js';

/** The size of a training, which bounds what its label party may ask. */
export interface Limits {
  readonly rounds: number;
  readonly maxDepth: number;
}

/**
 * What the label's party may ask of the feature holder: sums once for each level of each tree, over at most half the
 * nodes that a level can have (the others are differences); after each, one set of splits, at most one for each node, of
 * the columns summed; and each split once for each row to predict, in at most one command for each level. Throws
 * PROTOCOL_VIOLATION on anything else.
 */
export class Allowance {
  private tree = -1;
  private level = 0;
  /** The columns whose sums may be followed by splits. */
  private offered: readonly number[] = [];
  private route = { from: 0, to: 0, commands: 0, asked: new Set<number>() };

  /** `treeOf` is the tree of each split that exists. */
  constructor(
    private readonly peer: string,
    private readonly limits: Limits,
    private readonly treeOf: number[] = [],
  ) {}

  /** The number of splits so far. */
  get splits(): number {
    return this.treeOf.length;
  }

  check(command: Command): void {
    if (command.op === 'sums') this.checkSums(command);
    if (command.op === 'split') this.checkSplits(command);
    if (command.op === 'route') this.checkRoute(command);
  }

  private checkSums({ tree, level, nodes, columns }: Extract<Command, { op: 'sums' }>): void {
    const follows = tree === this.tree ? level === this.level + 1 : tree > this.tree && level === 0;
    this.require(follows && tree < this.limits.rounds && level < this.limits.maxDepth, 'sums out of turn');
    this.require(nodes <= Math.max(1, 2 ** (level - 1)), 'more nodes than the level has');
    this.require(isAscending(columns), 'columns to sum that are not in order');
    this.tree = tree;
    this.level = level;
    this.offered = columns;
  }

  private checkSplits({ splits }: Extract<Command, { op: 'split' }>): void {
    this.require(
      splits.every(([column]) => this.offered.includes(column)),
      'a split that no sums offered',
    );
    this.require(splits.length <= 2 ** this.level, 'more splits than the level has nodes');
    this.offered = [];
    for (let split = 0; split < splits.length; split += 1) this.treeOf.push(this.tree);
  }

  private checkRoute({ splits: groups, from, to }: Extract<Command, { op: 'route' }>): void {
    if (from !== this.route.from || to !== this.route.to) {
      this.require(from === this.route.to, 'rows to route out of turn');
      this.route = { from, to, commands: 0, asked: new Set() };
    }
    this.route.commands += 1;
    this.require(this.route.commands <= this.limits.maxDepth, 'more levels to route than there are');
    const trees = groups.map((splits) => this.treeOf[splits[0]!]!);
    this.require(isAscending(trees), 'a tree twice');
    for (const [group, splits] of groups.entries()) {
      for (const split of splits) {
        this.require(this.treeOf[split] === trees[group], 'splits of two trees as one');
        this.require(!this.route.asked.has(split), 'a split twice');
        this.route.asked.add(split);
      }
    }
  }

  private require(holds: boolean, otherwise: string): void {
    if (!holds) throw violation(this.peer, otherwise);
  }
}

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((each, at) => at === 0 || each > numbers[at - 1]!);
