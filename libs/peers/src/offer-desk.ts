import type { Duplex } from 'node:stream';
import { AnswerQueue } from './answer-queue.js';
import { FRAME_BYTES, readAnswer, type OfferLine, type SiteAnswer, type ToSite } from './offer-frames.js';
import { receiveJson, sendJson } from './json-lines.js';

/** What is offered to sites, as the control plane has stored it. */
export interface OfferSource {
  /** The runs that are offered on each of these connections, the one that is to run next first. One that its site has replaced is left out. */
  offers(connections: readonly string[]): Promise<ReadonlyMap<string, readonly OfferLine[]>>;
  /** The task of a run that is offered on a connection, as JSON; undefined: it is offered no longer. */
  task(connection: string, run: string): Promise<string | undefined>;
  /** The votes of all members for a run that counts, as a JSON list; undefined: the site need not hear of it any more. */
  votes(connection: string, run: string): Promise<string | undefined>;
  /** Stores an answer; false: the run is not offered to this site, or not any more, or was answered otherwise. */
  answer(connection: string, answer: SiteAnswer): Promise<boolean>;
}

/** What has not changed is said again after this time, ms. */
const AGAIN_MS = 5_000;
/** A task, or votes, that the site has not answered is sent again after this time, ms: it may have had no room for it. */
const AGAIN_WHOLE_MS = 30_000;
/** So often an answer of one connection is stored, ms. */
const ANSWER_MS = 200;
/** To a site that reads slowly nothing is added beyond this, bytes. */
const MOST_UNSENT = FRAME_BYTES;

/** A frame that a site needs once on a connection. */
interface Wanted {
  /** Whether it is sent again where the site has not acted on it. */
  readonly isAgain: boolean;
  /** Undefined: it is needed no longer. */
  readonly frame: () => Promise<ToSite | undefined>;
}

interface Served {
  readonly stream: Duplex;
  /** When the task, or the votes, of each run was sent on this connection, as `<run> <kind>`. */
  readonly told: Map<string, number>;
  last: string;
  saidAt: number;
}

/**
 * Offers tasks to the sites that are connected here. Both sides tell their state and repeat it, and no message has to arrive: a connection or
 * a replica that is lost loses nothing.
 */
export class OfferDesk {
  private readonly served = new Map<string, Served>();
  private timer: NodeJS.Timeout | undefined;
  private looks = false;

  constructor(
    private readonly source: OfferSource,
    private readonly everyMs: number,
    private readonly onFault: (error: unknown) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), this.everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Serves a site until its stream ends. Calls `onNonsense` for what is no answer. */
  serve(connection: string, stream: Duplex, onNonsense: () => void): void {
    this.served.set(connection, { stream, told: new Map(), last: '', saidAt: this.now() });
    const answers = new AnswerQueue((answer) => this.store(connection, answer).catch(this.onFault), ANSWER_MS);
    stream.once('close', () => {
      this.served.delete(connection);
      answers.clear();
    });
    this.read(stream, answers, onNonsense).catch((error: unknown) => {
      this.onFault(error);
      onNonsense();
    });
  }

  private async read(stream: Duplex, answers: AnswerQueue, onNonsense: () => void): Promise<void> {
    for (;;) {
      const frame = await receiveJson(stream, FRAME_BYTES).catch(() => null);
      if (frame === null) return; // The connection ended.
      const answer = readAnswer(frame);
      if (answer === undefined) return onNonsense();
      answers.add(answer);
    }
  }

  /** What is not stored, the site says again when it hears what is. */
  private async store(connection: string, answer: SiteAnswer): Promise<void> {
    await this.source.answer(connection, answer);
  }

  /** Sends what is new. */
  private async look(): Promise<void> {
    if (this.looks || this.served.size === 0) return;
    this.looks = true;
    try {
      const offers = await this.source.offers([...this.served.keys()]);
      for (const [connection, served] of this.served) {
        const lines = offers.get(connection);
        // One that is not listed came meanwhile, or is not the site's current one: that nothing is offered would end its run.
        if (lines !== undefined) await this.say(connection, served, lines);
      }
    } catch (error) {
      this.onFault(error);
    } finally {
      this.looks = false;
    }
  }

  private async say(connection: string, served: Served, offers: readonly OfferLine[]): Promise<void> {
    const { stream, told } = served;
    const isFull = (): boolean => stream.destroyed || stream.writableLength > MOST_UNSENT;
    if (isFull()) return;
    const text = JSON.stringify(offers);
    const isOld = this.now() - served.saidAt >= AGAIN_MS && offers.length > 0;
    // Before new tasks: the site has no room for them until it has heard what is over.
    if (text !== served.last || isOld) {
      sendJson(stream, { kind: 'offers', offers } satisfies ToSite);
      served.last = text;
      served.saidAt = this.now();
    }
    const wanted = new Map(offers.flatMap((line) => this.wantedOf(connection, line)));
    for (const key of told.keys()) if (!wanted.has(key)) told.delete(key);
    for (const [key, { isAgain, frame }] of wanted) {
      const before = told.get(key);
      if (before !== undefined && !(isAgain && this.now() - before >= AGAIN_WHOLE_MS)) continue;
      const made = await frame();
      if (isFull()) return;
      if (made === undefined) continue; // The next look has it no more.
      told.set(key, this.now());
      sendJson(stream, made);
    }
  }

  /** What a site needs to know beside the state of a run. */
  private wantedOf(connection: string, { run, state }: OfferLine): readonly (readonly [key: string, Wanted])[] {
    const { source } = this;
    switch (state) {
      case 'ABORT':
        return [];
      case 'COMMIT': {
        const frame = async (): Promise<ToSite | undefined> => {
          const votes = await source.votes(connection, run);
          return votes === undefined ? undefined : { kind: 'votes', run, votes: JSON.parse(votes) as string[] };
        };
        return [[`${run} votes`, { isAgain: true, frame }]];
      }
      default: {
        const frame = async (): Promise<ToSite | undefined> => {
          const task = await source.task(connection, run);
          return task === undefined ? undefined : { kind: 'task', run, task: JSON.parse(task) as unknown };
        };
        return [[`${run} task`, { isAgain: state === 'OFFERED', frame }]];
      }
    }
  }
}
