import { loadavg } from 'node:os';
import { Serving } from '../../libs/compute/src/evaluation/serving-for-tests.js';
import { OwnedRuns } from '../../libs/compute/src/party/owned-runs-for-tests.js';
import { describeMachine } from '../machine.js';
import { quantile } from '../statistics.js';
import { BYTES_PER_SECOND, Links } from './measure-sites.js';
import { kept, tableOf, writeMade } from './measured.js';
import { labelFor, names, scaledCell } from './tables.js';

/** How long an asker waits for a score, one after the other, ms. */
interface SiteScores {
  /** By which it is kept. */
  readonly type: string;
  readonly delayMs: number;
  readonly scores: number;
  readonly half: number;
  readonly p99: number;
  /** The most that the goal allows to 99 of 100. */
  readonly most: number;
  readonly at: string;
  readonly machine: string;
  readonly load: number;
}

export const SITE_SCORES = 'site-scores.json';
const DELAYS = [0, 20, 50] as const;
/** What the goal allows beside the delays, ms. A row takes one message there and one back. */
const [GOAL_MS, DELAYS_A_SCORE] = [10, 2];
const COLUMNS = 10;
const keyOf = (row: number): string => `C-${row}`;

/** Asks for the scores of so many rows in a row, by a model of two parties with claimed folders, so that each score is counted on the disk before it is open. */
export async function measureScores(scores: number, keep: (measured: SiteScores) => void): Promise<void> {
  const runs = await OwnedRuns.claim('alice', 'bob');
  try {
    const columns = { alice: names(0, COLUMNS), bob: names(COLUMNS, 2 * COLUMNS) };
    const cells = (row: number, from: number): number[] =>
      Array.from({ length: COLUMNS }, (_, at) => Number(scaledCell(row, from + at).toFixed(6)));
    const rows = Array.from({ length: scores }, (_, row) => row);
    const of = (row: number): unknown[] => [keyOf(row), ...cells(row, 0), labelFor(row, 2 * COLUMNS)];
    const table = {
      alice: await runs.table('alice', 'rows', [['id', ...columns.alice, 'y'], ...rows.map(of)]),
      bob: await runs.table('bob', 'rows', [columns.bob, ...rows.map((row) => cells(row, COLUMNS))]),
    };
    const training = { train_data: table, features: columns, label: 'y', label_party: 'alice', params: { epochs: 1 } };
    const { result } = await runs.run('ss_lr', 'train', training as never);
    const asked = { model: result.model_paths, input_data: table, prediction_receiver: 'alice' };
    for (const delayMs of DELAYS) {
      const serve = { key: 'id', scores, minutes: 60 };
      const load = loadavg()[0]!;
      const links = new Links({ delayMs, bytesPerSecond: BYTES_PER_SECOND });
      const run = await runs.prepare('predict', `serve-${delayMs}`, { ...asked, serve } as never);
      const serving = await Serving.start(run, {}, undefined, links);
      const waited: number[] = [];
      for (const row of rows) {
        const began = performance.now();
        const { status, body } = await serving.score(keyOf(row));
        waited.push(performance.now() - began);
        if (status !== 200) throw new Error(`row ${row}: ${JSON.stringify(body)}`);
      }
      for (const outcome of await serving.outcomes()) if (outcome.status === 'rejected') throw outcome.reason as Error;
      keep({
        ...{ type: `${delayMs} ms`, delayMs, scores, half: quantile(waited, 0.5), p99: quantile(waited, 0.99) },
        ...{ most: GOAL_MS + DELAYS_A_SCORE * delayMs, at: new Date().toISOString(), machine: describeMachine(), load },
      });
    }
  } finally {
    await runs.folder.remove();
  }
}

const HEADS = [
  ['delay, ms', 'scores', 'half of them, ms', '99 of 100, ms', 'at most, ms', 'load', 'on'],
  ['延迟，毫秒', '分数个数', '半数，毫秒', '百分之九十九，毫秒', '至多，毫秒', '负载', '日期'],
] as const;

/** Writes the table of both pages from what is kept. */
export async function writeScorePages(): Promise<void> {
  const all = Object.values(kept<SiteScores>(SITE_SCORES));
  const machines = [...new Set(all.map(({ machine }) => machine))].join('; ');
  const rows = all.map(({ delayMs, scores, half, p99, most, load, at }) => [
    ...[String(delayMs), String(scores), half.toFixed(1), p99.toFixed(1), String(most)],
    ...[load.toFixed(1), at.slice(0, 10)],
  ]);
  await writeMade(HEADS.map((head) => [['site-scores', `${machines}\n\n${tableOf(head, rows)}`]]));
}
