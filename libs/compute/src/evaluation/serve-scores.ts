import { setTimeout as delay } from 'node:timers/promises';
import { PeerMessage, violation } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import { bytesOf, vectorFrom, type Vector } from '../mpc/rings.js';
import { predictionsFor } from '../party/opened.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import type { ModelPart } from './model-file.js';
import { toDeal } from './model-pair.js';
import { sharedPredictions } from './predict-parts.js';
import { listen, ScoreRefused, type Endpoint } from './score-endpoint.js';
import type { KeptRun, RowRuns } from './table-runs.js';

/** What of a table is opened, row by row. */
export interface Serving {
  /** The column of the receiver's table that names its rows. */
  readonly key: string;
  /** The most rows that are opened. */
  readonly scores: number;
  readonly minutes: number;
  /** At the receiver: where it is asked. Null at the others. */
  readonly endpoint: Endpoint | null;
}

/** Notes of a run in a ledger: other sites keep a mark for each, and take 5,000 at once, of all runs together. */
const MOST_NOTES = 500;
/** Clocks of two sites run apart, and the last rows are on their way. */
const GRACE_MS = 60_000;
/** How long an asker waits. What it asked for goes on, and is there when it asks again. */
const ANSWER_MS = 10_000;
/** The most rows that are asked for and not answered. */
const MOST_WAITING = 64;
const MINUTE_MS = 60_000;

/**
 * Serves predictions of single rows. All parties first compute their shares of the predictions of all rows, by the protocol of `predict` but for its last
 * message: nothing is opened, and no triple is left to make. To open a row the receiver sends its number, and each other party answers with its share of it, after it
 * has counted that in its ledger: two messages, one after the other. A row that is asked for again is opened no second time.
 *
 * Returns how many rows were opened, at the receiver; null at the others. Throws DUPLICATE_KEYS, NULL_KEYS, and what predicting throws.
 */
export async function serveScores(
  context: PartyContext,
  model: ModelPart,
  { receiver, serving }: { readonly receiver: string; readonly serving: Serving },
  table: RowRuns<KeptRun>,
): Promise<number | null> {
  const isReceiver = context.party === receiver;
  if (isReceiver) await context.send(NEUTRAL, toDeal(model, table.rows));
  const predicted = await sharedPredictions(context, model, table.size, receiver);
  const runs: Vector[] = [];
  const places = new Map<string, number>();
  for await (const run of table.runs()) {
    runs.push(await predicted.next(run));
    if (isReceiver) run.kept.forEach(([key], row) => placed(context.party, serving.key, places, key!, run.from + row));
    context.progress(0.2 + (0.7 * (run.from + run.rows)) / table.rows, 'predicting on shares');
  }
  const shares = new RowShares(runs, table.rows);
  context.progress(0.9, 'serving');
  if (!isReceiver) return answerRows(context, { receiver, serving }, shares);
  return askRows(context, serving, new OpenedRows(context, shares, predicted.opened, serving.scores), places);
}

/** Own shares of all rows, of as many words each. */
export class RowShares {
  readonly words: number;

  constructor(
    private readonly runs: readonly Vector[],
    readonly rows: number,
  ) {
    this.words = runs.reduce((sum, { length }) => sum + length, 0) / rows;
  }

  of(row: number): Vector {
    const from = row * this.words;
    // All runs but the last are as long as the first.
    const { length } = this.runs[0]!;
    return this.runs[Math.floor(from / length)]!.slice(from % length, (from % length) + this.words);
  }
}

/** Keeps where a row stands. */
function placed(party: string, column: string, places: Map<string, number>, key: string, row: number): void {
  const where = { party, column };
  const named = `Party ${party}: column ${JSON.stringify(column)}, whose values name the rows to serve,`;
  if (key === '') throw new TaskFailure('NULL_KEYS', `${named} is empty in data row ${row + 1}.`, false, where);
  if (places.has(key)) {
    const message = `${named} has a value twice, the second time in data row ${row + 1}.`;
    throw new TaskFailure('DUPLICATE_KEYS', message, false, where);
  }
  places.set(key, row);
}

/** What comes within this time; else it throws. */
async function within<T>(ms: number, coming: Promise<T>, late: () => Error): Promise<T> {
  const given = new AbortController();
  const over = async (): Promise<never> => {
    await delay(ms, undefined, { signal: given.signal });
    throw late();
  };
  return Promise.race([coming, over()]).finally(() => given.abort());
}

const silent = (party: string, what: string): TaskFailure =>
  new TaskFailure('PARTY_LOST', `Party ${party} ${what}.`, true, { party });

/** Another party: it sends its share of each row that the receiver asks for, once that is allowed still and counted. */
export async function answerRows(
  context: PartyContext,
  { receiver, serving: { scores, minutes } }: { readonly receiver: string; readonly serving: Serving },
  shares: RowShares,
): Promise<null> {
  const until = performance.now() + minutes * MINUTE_MS + GRACE_MS;
  const opened = new Set<number>();
  const atOnce = Math.ceil(scores / MOST_NOTES);
  let counted = 0;
  for (;;) {
    const left = Math.max(0, until - performance.now());
    const asked = await within(left, context.receiveJson<unknown>(receiver), () =>
      silent(receiver, 'has not ended serving, whose time is over'),
    );
    const message = new PeerMessage(receiver, asked);
    if (message.has('end')) return null;
    const row = message.count('row', shares.rows - 1);
    if (!opened.has(row)) {
      if (opened.size === scores || performance.now() > until)
        throw violation(receiver, 'a row to open beyond what the task allows');
      await context.stillAllowed();
      if (opened.size === counted) {
        const more = Math.min(atOnce, scores - counted);
        // On the disk before anything is opened.
        await context.reserve(predictionsFor(receiver, more));
        counted += more;
      }
      opened.add(row);
    }
    await context.send(receiver, bytesOf(shares.of(row)));
  }
}

function shareOf(peer: string, bytes: Uint8Array, words: number): Vector {
  if (bytes.byteLength !== 4 * words) throw violation(peer, 'a share of a row of another length');
  return vectorFrom(bytes, words);
}

/** The receiver's side: it opens each row once, and gives the same again. */
export class OpenedRows {
  /** Rejects once no row can be opened any more. */
  readonly failed: Promise<never>;
  private fail: (error: unknown) => void = () => undefined;
  private readonly asked = new Map<number, Promise<number>>();
  private waiting = 0;
  private isOver = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: PartyContext,
    private readonly shares: RowShares,
    private readonly opened: (own: Vector, theirs: readonly Vector[]) => Float64Array,
    private readonly most: number,
  ) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
  }

  get count(): number {
    return this.asked.size;
  }

  /** The prediction of a row. Throws ScoreRefused. */
  of(row: number): Promise<number> {
    const before = this.asked.get(row);
    if (before) return before;
    if (this.isOver) throw new ScoreRefused(503, 'ENDED', 'The run is over: nothing more is opened.');
    if (this.asked.size >= this.most)
      throw new ScoreRefused(429, 'SCORES_SPENT', `The ${this.most} rows that the task may open are open.`);
    if (this.waiting >= MOST_WAITING)
      throw new ScoreRefused(503, 'BUSY', `${MOST_WAITING} rows are being opened. Ask again.`);
    const prediction = this.ask(row);
    this.asked.set(row, prediction);
    return prediction;
  }

  /**
   * Resolves once all that was asked for is answered, and the others have heard that there is no more. Throws PARTY_LOST where that takes longer
   * than `most`.
   */
  async end(most = GRACE_MS): Promise<void> {
    this.isOver = true;
    await within(most, this.last, () =>
      silent(this.context.peers.join(' or '), 'has not answered since serving ended'),
    );
    for (const peer of this.context.peers) await this.context.send(peer, { end: true });
  }

  private ask(row: number): Promise<number> {
    this.waiting += 1;
    const { context, shares } = this;
    const sent = context.peers.map((peer) => context.send(peer, { row }));
    // The others answer in the order in which they are asked.
    const answered = this.last.then(async () => {
      await Promise.all(sent);
      const theirs: Vector[] = [];
      for (const peer of context.peers) theirs.push(shareOf(peer, await context.receiveBytes(peer), shares.words));
      this.waiting -= 1;
      return this.opened(shares.of(row), theirs)[0]!;
    });
    answered.catch(this.fail);
    this.last = answered;
    this.last.catch(() => undefined);
    return answered;
  }
}

/** The receiver: it is asked over HTTP until the time is over, or an asker ends it. */
async function askRows(
  context: PartyContext,
  { minutes, endpoint }: Serving,
  rows: OpenedRows,
  places: ReadonlyMap<string, number>,
): Promise<number> {
  const over = new AbortController();
  const time = delay(minutes * MINUTE_MS, undefined, { signal: over.signal }).catch(() => undefined);
  const score = async (key: string): Promise<number> => {
    const row = places.get(key);
    if (row === undefined) throw new ScoreRefused(404, 'ROW_UNKNOWN', 'No row of the table has this key.');
    const words = 'Another site has not answered yet. Ask again for the same row.';
    return within(ANSWER_MS, rows.of(row), () => new ScoreRefused(503, 'PEER_SILENT', words));
  };
  const server = await listen(context.party, endpoint!, { score, end: () => over.abort() });
  try {
    context.log('info', `serving scores at http://127.0.0.1:${endpoint!.port}/score for ${minutes} min`);
    await Promise.race([time, rows.failed]);
  } finally {
    over.abort();
    await server.close();
  }
  await rows.end();
  return rows.count;
}
