/**
 * The parties whose part of a sum over `members` is open by it together with the sums `before`: alone, or to one party that subtracts
 * what it put in. Not those that the sum shows alone, nor those that were open before. Sums over the same parties
 * count as sums of the same parts. In order of names.
 */
export function partsApart(members: readonly string[], before: readonly (readonly string[])[]): readonly string[] {
  const distinct = [...new Map(before.map((set) => [[...set].sort().join(' '), set])).values()];
  const names = [...new Set([...members, ...distinct.flat()])].sort();
  const apart = names.filter((name) =>
    [[], ...names.filter((other) => other !== name).map((other) => [other])].some((known) => {
      const own = known.length === 0 ? [] : [known];
      const isOpen = (sets: readonly (readonly string[])[]): boolean => spans(names, [...sets, ...own], name);
      return isOpen([...distinct, members]) && !isOpen(distinct) && !isOpen([members]);
    }),
  );
  return apart;
}

/** Whether some rational combination of the sets, each a vector of 0 and 1, is 1 for `name` and 0 for all others. */
function spans(names: readonly string[], sets: readonly (readonly string[])[], name: string): boolean {
  const rows: bigint[][] = sets.map((set) => names.map((each) => (set.includes(each) ? 1n : 0n)));
  // Reduced, a matrix has a row of its own for each unit vector that its rows span. Whole numbers: each row is as good as a multiple.
  let rank = 0;
  for (let column = 0; column < names.length; column += 1) {
    const pivot = rows.findIndex((row, at) => at >= rank && row[column] !== 0n);
    if (pivot === -1) continue;
    [rows[rank], rows[pivot]] = [rows[pivot]!, rows[rank]!];
    const top = rows[rank]!;
    for (const [at, row] of rows.entries()) {
      if (at === rank || row[column] === 0n) continue;
      rows[at] = primitive(row.map((value, place) => value * top[column]! - top[place]! * row[column]!));
    }
    rank += 1;
  }
  const wanted = names.indexOf(name);
  return rows.some((row) => row.every((value, at) => (value !== 0n) === (at === wanted)));
}

/** The row divided by what divides all of it, so that numbers stay small. */
function primitive(row: readonly bigint[]): bigint[] {
  const divisor = row.reduce((one, other) => {
    let [a, b] = [one < 0n ? -one : one, other < 0n ? -other : other];
    while (b !== 0n) [a, b] = [b, a % b];
    return a;
  }, 0n);
  return divisor === 0n ? [...row] : row.map((value) => value / divisor);
}
