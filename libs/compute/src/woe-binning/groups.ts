/** Fine bins that count as one bin, ascending. */
export type Group = readonly number[];

/** The fine bins of a column: those of its values, then the one of missing values. */
export interface Shape {
  /** Whether neighbours alone may be joined, as bins of numbers. */
  readonly ordered: boolean;
  /** Rows of each fine bin, that of missing values last; 0 there where none is missing. */
  readonly sizes: readonly number[];
}

/** A column with the fine bin of each row. */
export interface GroupedColumn {
  readonly shape: Shape;
  readonly of: Uint16Array;
  readonly groups: readonly Group[];
}

const rowsOf = ({ sizes }: Shape, group: Group): number => group.reduce((rows, fine) => rows + sizes[fine]!, 0);
const isMissing = ({ sizes }: Shape, group: Group): boolean => group.length === 1 && group[0] === sizes.length - 1;

/** Each fine bin by itself, that of missing values only where there are any. */
export function fineGroups({ sizes }: Shape): readonly Group[] {
  return sizes.flatMap((rows, fine) => (fine < sizes.length - 1 || rows > 0 ? [[fine]] : []));
}

/**
 * Joins bins until each has at least `least` rows, or one is left: a bin of numbers to its smaller neighbour; all smaller categories, and missing values where they are fewer, to
 * one bin, and that to the smallest other one. So scorecards merge bins of few rows (Siddiqi 2006, chapter 6).
 */
export function joinSmall(shape: Shape, groups: readonly Group[], least: number): readonly Group[] {
  if (shape.ordered) return joinSmallest(shape, groups, least);
  const first = groups.findIndex((group) => rowsOf(shape, group) < least);
  const targets = groups.map((group, at) => (rowsOf(shape, group) < least ? first : at));
  return joinSmallest(shape, regrouped(groups, targets), least);
}

function joinSmallest(shape: Shape, groups: readonly Group[], least: number): readonly Group[] {
  const left = [...groups];
  const sizes = left.map((group) => rowsOf(shape, group));
  while (left.length > 1) {
    const rows = sizes.reduce((one, other) => Math.min(one, other));
    if (rows >= least) break;
    const smallest = sizes.indexOf(rows);
    const partner = partnerOf(shape, left, smallest, () => true);
    left[partner] = [...left[partner]!, ...left[smallest]!].sort((one, other) => one - other);
    sizes[partner]! += rows;
    left.splice(smallest, 1);
    sizes.splice(smallest, 1);
  }
  return left;
}

/**
 * Joins each bin that fails to one that does not: what holds of the rows of the second holds of both together. A bin of numbers goes to the nearest, a
 * category and missing values to the smallest. All become one bin where none is left.
 */
export function joinFailing(shape: Shape, groups: readonly Group[], fails: readonly boolean[]): readonly Group[] {
  if (fails.every(Boolean)) return [groups.flat().sort((one, other) => one - other)];
  return regrouped(
    groups,
    groups.map((_, at) => (fails[at] ? partnerOf(shape, groups, at, (other) => !fails[other]) : at)),
  );
}

/**
 * Joins bins of two columns that differ by under `least` rows, of which one row may be a single one, each to another bin of its column: the difference of their
 * counts would be that of these rows. A bin and all rows that are not in the other are compared as well.
 */
export function joinClose(columns: readonly GroupedColumn[], least: number): readonly (readonly Group[])[] {
  const joined = columns.map(({ groups }) => groups);
  for (const [later, column] of columns.entries()) {
    for (let earlier = 0; earlier < later;) {
      const close = closeTo(columns[earlier]!, joined[earlier]!, column, joined[later]!, least);
      if (close === undefined) earlier += 1;
      else {
        joined[later] = joinOne(column.shape, joined[later]!, close);
        // A joined bin is another one for the columns before.
        earlier = 0;
      }
    }
  }
  return joined;
}

/** The group of each fine bin; that of missing values has none where none was missing. */
export function groupOf({ sizes }: Shape, groups: readonly Group[]): Uint16Array {
  const of = new Uint16Array(sizes.length);
  groups.forEach((group, at) => group.forEach((fine) => (of[fine] = at)));
  return of;
}

const joinOne = (shape: Shape, groups: readonly Group[], at: number): readonly Group[] =>
  regrouped(
    groups,
    groups.map((_, each) => (each === at ? partnerOf(shape, groups, at, () => true) : each)),
  );

/** Each group with all that go to it, by the place of the group that each goes to. */
function regrouped(groups: readonly Group[], targets: readonly number[]): readonly Group[] {
  const whole: number[][] = groups.map(() => []);
  groups.forEach((group, at) => whole[targets[at]!]!.push(...group));
  return whole.filter(({ length }) => length > 0).map((group) => group.sort((one, other) => one - other));
}

/** The group that one is joined to, among those that `may` be; missing values take part only where nothing else may. */
function partnerOf(shape: Shape, groups: readonly Group[], at: number, may: (other: number) => boolean): number {
  const isOrdered = shape.ordered && !isMissing(shape, groups[at]!);
  const order = (one: number, other: number): number =>
    Number(isMissing(shape, groups[one]!)) - Number(isMissing(shape, groups[other]!)) ||
    (isOrdered ? Math.abs(one - at) - Math.abs(other - at) : 0) ||
    rowsOf(shape, groups[one]!) - rowsOf(shape, groups[other]!);
  let best = -1;
  for (let other = 0; other < groups.length; other += 1) {
    if (other !== at && may(other) && (best < 0 || order(other, best) < 0)) best = other;
  }
  return best;
}

/** The first group of the second column that differs by few rows from one of the first. */
function closeTo(
  first: GroupedColumn,
  groups: readonly Group[],
  second: GroupedColumn,
  others: readonly Group[],
  least: number,
): number | undefined {
  const [one, other] = [groupOf(first.shape, groups), groupOf(second.shape, others)];
  const found = others.findIndex((_, theirs) =>
    groups.some((__, mine) => {
      let [equal, apart] = [0, 0];
      for (let row = 0; row < first.of.length && (equal < least || apart < least); row += 1) {
        if ((one[first.of[row]!] === mine) === (other[second.of[row]!] === theirs)) equal += 1;
        else apart += 1;
      }
      return (equal > 0 && equal < least) || (apart > 0 && apart < least);
    }),
  );
  return found < 0 ? undefined : found;
}
