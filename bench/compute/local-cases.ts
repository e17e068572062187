import type { Outcome, Paths, TypeCase } from './case.js';
import { differing } from './reference.js';
import { cell, cityOf } from './tables.js';
import { DIFFERING_ROWS, written } from './written.js';

/** Cases of the types that work on one party's own table: `rows` rows of 8 numbers and a city. */
export function localCases(rows: number): TypeCase[] {
  const tables = { bob: { rows, columns: [8, 16] as [number, number], city: true } };
  const all = Array.from({ length: rows }, (_, key) => key);
  const isHigh = (key: number): boolean => cell(key, 9) > 500;
  const ofBob = (type: string, config: object, of: (outcome: Outcome) => Promise<number>): TypeCase => ({
    type,
    tables,
    config: (paths) => ({ input_data: paths, ...config }),
    of: DIFFERING_ROWS,
    figure: async (outcome) => String(await of(outcome)),
  });
  return [
    ofBob('cast', { columns: ['city'], to: 'number', misfits: 'missing' }, async (outcome) =>
      differing(
        await written(outcome, 'city'),
        all.map(() => ''),
      ),
    ),
    ofBob('feature_filter', { columns: ['x8'] }, async (outcome) =>
      differing(
        await written(outcome, 'city'),
        all.map((key) => cityOf(key)),
      ),
    ),
    ofBob('expr', { new_columns: { bob: [{ column: 'z', expression: 'x8 + x9 * 2' }] } }, async (outcome) =>
      differing(
        await written(outcome, 'z'),
        all.map((key) => String(cell(key, 8) + cell(key, 9) * 2)),
      ),
    ),
    ofBob(
      'case_when',
      { new_columns: { bob: [{ column: 'z', cases: [{ when: 'x9 > 500', then: 'city' }], otherwise: "'low'" }] } },
      async (outcome) =>
        differing(
          await written(outcome, 'z'),
          all.map((key) => (isHigh(key) ? cityOf(key) : 'low')),
        ),
    ),
    ofBob('condition_filter', { conditions: { bob: 'x9 > 500' } }, async (outcome) => {
      const expected = (wanted: boolean) => all.filter((key) => isHigh(key) === wanted).map((key) => cityOf(key));
      const kept = differing(await written(outcome, 'city'), expected(true));
      return kept + differing(await written(outcome, 'city', 'rest_paths'), expected(false));
    }),
    ofBob('sample', { fraction: 0.5 }, async (outcome) => {
      const drawn = await written(outcome, 'id');
      return Math.abs(new Set(drawn).size - Math.round(rows / 2));
    }),
    ofBob('groupby_statistics', { by: { bob: ['city'] }, columns: { bob: ['x9'] } }, async (outcome) => {
      const groups = new Map<string, number>();
      for (const key of all)
        groups.set(cityOf(key), Math.max(groups.get(cityOf(key)) ?? Number.NEGATIVE_INFINITY, cell(key, 9)));
      const [cities, largest] = [await written(outcome, 'city'), await written(outcome, 'x9_max')];
      return differing(cities, [...groups.keys()]) + differing(largest, [...groups.values()].map(String));
    }),
    {
      ...ofBob('stability', { columns: { bob: ['x9', 'city'] } }, (outcome) => {
        const { index } = outcome.kept('bob') as { index: Record<string, number> };
        return Promise.resolve(Object.values(index).filter((each) => each !== 0).length);
      }),
      // A table is like itself.
      config: (paths) => ({ base_data: paths, input_data: paths, columns: { bob: ['x9', 'city'] } }),
    },
    {
      ...ofBob('union', {}, async (outcome) => {
        const found = await written(outcome, 'id');
        return differing(found.slice(0, rows), found.slice(rows)) + Math.abs(found.length - 2 * rows);
      }),
      before: { type: 'cast', config: (paths) => ({ input_data: paths, columns: ['city'], to: 'text' }) },
      // The same rows twice: the step before has written them once more.
      config: (paths, before) => {
        return { input_data: { bob: [paths.bob!, (before as { output_paths: Paths }).output_paths.bob!] } };
      },
    },
  ];
}
