import type { Json, JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { Section } from './section.js';
import { textOf } from './tables.js';
import type { Words } from './words.js';

/** The number of rows of each party and of the intersection. */
export function intersectionSection(taskId: string, result: JsonObject, reports: Json[], words: Words): Section {
  const parties = reports.filter(isObject);
  const names = parties.map(({ party }) => textOf(party));
  // -1: the party may not learn it.
  const known = (value: Json | undefined): number | null => (typeof value === 'number' && value >= 0 ? value : null);
  const bars = (key: string): [number, number][] =>
    parties.flatMap((party, at) => (known(party[key]) === null ? [] : [[at, known(party[key])!] as [number, number]]));
  const share = (party: JsonObject): number | null => {
    const [common, all] = [known(party.intersection_count), known(party.original_count)];
    return common === null || !all ? null : common / all;
  };
  return {
    taskId,
    kind: 'intersection',
    title: words.intersection,
    figures: [
      [words.intersection_count, known(result.intersection_count)],
      [words.protocol, textOf(result.psi_protocol)],
      ...(typeof result.receiver === 'string' ? [[words.receiver, result.receiver] as const] : []),
    ],
    charts: [
      {
        caption: words.intersection,
        kind: 'bar',
        x: { name: words.party, categories: names },
        y: { name: words.rows, min: 0 },
        series: [
          { name: words.rows_of, points: bars('original_count') },
          { name: words.intersection_count, points: bars('intersection_count') },
        ],
      },
    ],
    tables: [
      {
        caption: words.intersection,
        columns: [words.party, words.rows_of, words.intersection_count, words.share],
        rows: parties.map((party, at) => [
          names[at]!,
          known(party.original_count),
          known(party.intersection_count),
          share(party),
        ]),
      },
    ],
  };
}
