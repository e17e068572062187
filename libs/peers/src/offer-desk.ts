import type { Duplex } from 'node:stream';
import { FRAME_BYTES, readAnswer, type OfferLine, type SiteAnswer, type ToSite } from './offer-frames.js';
import { receiveJson, sendJson } from './json-lines.js';

/** What is offered to sites, as the control plane has stored it. */
export interface OfferSource {
  /** The runs that are offered on each of these connections, the one that is to run next first. */
  offers(connections: readonly string[]): Promise<ReadonlyMap<string, readonly OfferLine[]>>;
  /** The task of a run that is offered on a connection, as JSON; undefined: it is offered no longer. */
  task(connection: string, run: string): Promise<string | undefined>;
  /** Stores an answer; false: the run is not offered to this site, or not any more, or was answered otherwise. */
  answer(connection: string, answer: SiteAnswer): Promise<boolean>;
}

/** What has not changed is said again after this time, ms. */
const AGAIN_MS = 5_000;
/** To a site that reads slowly nothing is added beyond this, bytes. */
const MOST_UNSENT = FRAME_BYTES;

interface Served {
  readonly stream: Duplex;
  /** Runs whose task was sent on this connection. */
  readonly told: Set<string>;
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
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), this.everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Serves a site until its stream ends. Calls `onNonsense` for what is no answer. */
  serve(connection: string, stream: Duplex, onNonsense: () => void): void {
    this.served.set(connection, { stream, told: new Set(), last: '', saidAt: performance.now() });
    stream.once('close', () => this.served.delete(connection));
    this.read(connection, stream, onNonsense).catch((error: unknown) => {
      this.onFault(error);
      onNonsense();
    });
  }

  private async read(connection: string, stream: Duplex, onNonsense: () => void): Promise<void> {
    for (;;) {
      const frame = await receiveJson(stream, FRAME_BYTES).catch(() => null);
      if (frame === null) return; // The connection ended.
      const answer = readAnswer(frame);
      if (answer === undefined) return onNonsense();
      // What is not stored, the site says again when it hears what is.
      await this.source.answer(connection, answer).catch(this.onFault);
    }
  }

  /** Sends what is new. */
  private async look(): Promise<void> {
    if (this.looks || this.served.size === 0) return;
    this.looks = true;
    try {
      const offers = await this.source.offers([...this.served.keys()]);
      for (const [connection, served] of this.served) await this.say(connection, served, offers.get(connection) ?? []);
    } catch (error) {
      this.onFault(error);
    } finally {
      this.looks = false;
    }
  }

  private async say(connection: string, served: Served, offers: readonly OfferLine[]): Promise<void> {
    const { stream, told } = served;
    const text = JSON.stringify(offers);
    const isOld = performance.now() - served.saidAt >= AGAIN_MS && offers.length > 0;
    if ((text === served.last && !isOld) || stream.destroyed || stream.writableLength > MOST_UNSENT) return;
    for (const { run } of offers) {
      if (told.has(run)) continue;
      const task = await this.source.task(connection, run);
      if (task === undefined || stream.destroyed) return; // The next look has it no more.
      told.add(run);
      sendJson(stream, { kind: 'task', run, task: JSON.parse(task) as unknown } satisfies ToSite);
    }
    sendJson(stream, { kind: 'offers', offers } satisfies ToSite);
    served.last = text;
    served.saidAt = performance.now();
  }
}
