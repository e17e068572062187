import type { TypeCase } from './case.js';
import { kept, tableOf, writeMade } from './measured.js';

/** What a task type took with its parties at separate sites. */
export interface MeasuredAtSites {
  readonly type: string;
  readonly parties: number;
  /** Of each party. */
  readonly rows: number;
  /** At each delay of the network. */
  readonly seconds: readonly number[];
  /** How many delays one after the other the run waited for. */
  readonly delays: number;
  /** Between all members, both ways. */
  readonly megabytes: number;
  readonly at: string;
  readonly machine: string;
  readonly load: number;
}

/** The results of tasks whose parties run at separate sites. */
export const AT_SITES = 'types-at-sites.json';
const HEADS = [
  ['type', 'parties', 'rows of each', 'delays', 'MB', 's at 0 ms', 's at 20 ms', 's at 50 ms', 'load', 'on'],
  ['类型', '参与方', '每方行数', '延迟次数', 'MB', '0 ms 秒', '20 ms 秒', '50 ms 秒', '负载', '日期'],
] as const;

/** Writes the table of both pages from what is kept, in the order of the cases. */
export async function writeSitePages(cases: readonly TypeCase[]): Promise<void> {
  const all = kept<MeasuredAtSites>(AT_SITES);
  const measured = cases.flatMap(({ type }) => all[type] ?? []);
  const machines = [...new Set(measured.map(({ machine }) => machine))].join('; ');
  const rows = measured.map(({ type, parties, rows: count, seconds, delays, megabytes, load, at }) => [
    `[\`${type}\`](${type}.md)`,
    String(parties),
    count.toLocaleString('en'),
    String(delays),
    megabytes.toFixed(1),
    ...seconds.map((each) => each.toFixed(1)),
    load.toFixed(1),
    at.slice(0, 10),
  ]);
  await writeMade(HEADS.map((head) => [['sites', `${machines}\n\n${tableOf(head, rows)}`]]));
}
