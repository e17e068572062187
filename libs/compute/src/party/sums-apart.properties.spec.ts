import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { partsApart } from './sums-apart.js';

const all = ['a', 'b', 'c', 'd', 'e', 'f'];
const without = (...names: string[]): string[] => all.filter((name) => !names.includes(name));

describe('parts of sums that are open by other sums', () => {
  it('are those of one party, of two, and of chains of differences', () => {
    expect(partsApart(all, [])).toEqual([]);
    expect(partsApart(all, [all, [...all].reverse()])).toEqual([]);
    expect(partsApart(without('c'), [all])).toEqual(['c']);
    // Each of the two knows its own part, and so the other's.
    expect(partsApart(without('c', 'd'), [all])).toEqual(['c', 'd']);
    expect(partsApart(without('c', 'd', 'e'), [all])).toEqual([]);
    // c + d + e and d + e + f, and then c + f.
    expect(partsApart(without('d', 'e', 'f'), [all, without('c', 'd', 'e')])).toEqual(['c', 'f']);
    // Each differs from each by three or more parties.
    const chain = [all, without('c', 'd', 'e'), without('d', 'e', 'f', 'b'), without('b', 'c', 'f')];
    expect(partsApart(chain[3]!, chain.slice(0, 3))).not.toEqual([]);
    // What a sum of two shows, it shows alone.
    expect(partsApart(['a', 'b'], [])).toEqual([]);
    expect(partsApart(['a', 'b'], [all])).toEqual([]);
  });

  const names = fc.uniqueArray(fc.constantFrom(...all), { minLength: 2 });

  it('are found whatever the order of the sums, and none where a sum comes again', () => {
    fc.assert(
      fc.property(fc.array(names, { maxLength: 5 }), names, (before, members) => {
        const apart = partsApart(members, before);
        expect(partsApart([...members].reverse(), [...before].reverse())).toEqual(apart);
        expect(partsApart(members, [...before, members])).toEqual([]);
      }),
    );
  });

  it('are all that a small combination shows: each difference or sum of two that is one or two parties', () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        const odd = all.filter((name) => one.includes(name) !== other.includes(name));
        const isFew = odd.length === 1 || odd.length === 2;
        // A sum of two parties shows them alone.
        fc.pre(one.length > 2 && other.length > 2);
        if (isFew) expect(partsApart(one, [other])).toEqual(odd);
        else expect(partsApart(one, [other])).toEqual([]);
      }),
    );
  });

  it('are those of which a search of small whole factors finds a combination', () => {
    const factors = [-2, -1, 0, 1, 2];
    const combinations = (sets: readonly (readonly string[])[]): number[][] =>
      sets.reduce<number[][]>(
        (sums, set) =>
          sums.flatMap((sum) =>
            factors.map((factor) => sum.map((value, at) => value + (set.includes(all[at]!) ? factor : 0))),
          ),
        [all.map(() => 0)],
      );
    fc.assert(
      fc.property(fc.array(names, { maxLength: 2 }), names, (before, members) => {
        const shows = (sets: readonly (readonly string[])[], name: string): boolean =>
          combinations(sets).some((sum) => sum.every((value, at) => (value !== 0) === (all[at] === name)));
        for (const name of all) {
          const isNew =
            shows([...before, members], name) &&
            !all.some(
              (known) => known !== name && (shows([...before, [known]], name) || shows([members, [known]], name)),
            );
          if (isNew) expect(partsApart(members, before)).toContain(name);
        }
      }),
      { numRuns: 30 },
    );
  });
});
