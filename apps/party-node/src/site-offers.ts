import { MOST_OFFERS, type OfferLine, type OfferState, type SiteAnswer, type ToSite } from '#libs/peers';
import { Faults } from './faults.js';
import type { NodeFile, NodeFolder } from './node-folder.js';
import { dropRun, holdFiles } from './prepared-run.js';
import { readOffer } from './read-offer.js';
import { GONE, refusedOf, type OfferEnd, type RunningOffer } from './running-offer.js';
import { SettledRuns, type Decided } from './settled-runs.js';
import type { Offer, SiteStore } from './site-store.js';
import { makersOf, offeredTask } from './task-file.js';
import { UNHEARD } from './unheard.js';

export interface SiteOffersOptions {
  readonly store: SiteStore;
  readonly folder: NodeFolder;
  readonly file: Pick<NodeFile, 'name' | 'dealer'>;
  /** Starts the run of an offer that was accepted. `relay` is where the control plane says that its sites meet, where it does. */
  start(offer: Offer, progress: (fraction: number, stage: string) => void, relay?: string): RunningOffer;
  log(message: string): void;
  /** How often it looks for decisions, ms. */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;
const PROGRESS_MS = 2_000;
const OPEN: readonly Offer['state'][] = ['WAITING', 'ACCEPTED', 'RUNNING'];

type Ended = Extract<SiteAnswer, { state: 'PREPARED' | 'FAILED' }>;
/**
 * What this site makes of the tasks that it is offered. It believes none of it: it reads each task by itself, and runs none but what was
 * accepted here, by a decision in its own folder on the hash that it has computed. One run at a time, in the order of the control plane.
 */
export class SiteOffers {
  private send: ((answer: SiteAnswer) => void) | undefined;
  /** Which connection counts: frames of an earlier one may come late. */
  private connection = 0;
  private listed: readonly OfferLine[] = [];
  /** What was said since the control plane last said what it has. */
  private readonly said = new Set<string>();
  /** How runs ended that the disk has not taken yet, as where it is full. */
  private readonly unkept = new Map<string, Offer>();
  /** Tasks that the disk has not taken yet: each is sent once on a connection. */
  private readonly untaken = new Map<string, unknown>();
  /** Prepared runs that the control plane does not list. The log names each once. */
  private readonly missed = new Set<string>();
  private readonly faults: Faults;
  /** A run of this step has to wait. Later runs wait behind it. */
  private isHeldUp = false;
  private running: { readonly run: string; readonly work: RunningOffer; refused?: string } | undefined;
  private isClosed = false;
  private progressAt = 0;
  private queue: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  private readonly settled: SettledRuns;

  constructor(private readonly options: SiteOffersOptions) {
    this.settled = new SettledRuns(options.folder, options.store);
    this.faults = new Faults(options.log);
  }

  /** Takes up what an earlier process left. A run that it was in has ended with it, unless it is prepared. */
  open(): void {
    const { store, everyMs = EVERY_MS } = this.options;
    for (const offer of store.inStates(OPEN)) if (!offer.makers) store.put({ ...offer, makers: this.makersOf(offer) });
    for (const offer of store.inStates(['RUNNING'])) {
      if (this.takePrepared(offer)) continue;
      const message = 'The process of the site ended during the run.';
      this.keep(offer, { run: offer.run, state: 'FAILED', code: 'PARTY_LOST', message, retryable: true });
    }
    this.timer = setInterval(() => void this.then(() => this.step()), everyMs);
  }

  /** From now on answers go there. Nothing is listed until the control plane says so on this connection, whose number it returns. */
  connected(send: (answer: SiteAnswer) => void): number {
    this.send = send;
    this.listed = [];
    this.said.clear();
    this.faults.clear();
    this.connection += 1;
    return this.connection;
  }

  /** Takes a frame that came on a connection. Resolves once that is done: no more may come before. */
  receive(connection: number, frame: ToSite): Promise<void> {
    return this.then(async () => {
      if (connection !== this.connection) return;
      if (frame.kind === 'offers') return this.hear(frame.offers);
      if (frame.kind === 'votes') {
        this.settled.take(frame.run, frame.votes);
        return this.step();
      }
      if (this.untaken.size < MOST_OFFERS) this.untaken.set(frame.run, frame.task);
      this.takeUp(frame.run);
    });
  }

  /** Ends the run that goes on, and looks no more. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    this.running?.work.stop();
    await this.running?.work.ended;
    await this.queue;
  }

  /** One after the other. */
  private then(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(() => this.faults.apart('', work));
    return this.queue;
  }

  /** An offer that an earlier version took in says nothing of what made its inputs, and an accept counts for that alone. */
  private makersOf({ task }: Offer): readonly string[] {
    const read = readOffer(task, this.options.file);
    return 'makers' in read ? read.makers : [];
  }

  private takeUp(run: string): void {
    if (!this.untaken.has(run)) return;
    this.take(run, this.untaken.get(run));
    this.untaken.delete(run);
  }

  private take(run: string, task: unknown): void {
    const { store, log } = this.options;
    const known = store.find(run);
    const read = readOffer(task, this.options.file);
    const isSame = known && (known.hash === undefined ? 'reason' in read : 'hash' in read && known.hash === read.hash);
    if (isSame) return;
    if (known && !['WAITING', 'ACCEPTED', 'REFUSED'].includes(known.state))
      return log(`run ${run} is offered with another task than the one that this site ran: nothing is done.`);
    const open = store.inStates(OPEN);
    if (!known && open.length >= MOST_OFFERS) return log(`more than ${MOST_OFFERS} offers: run ${run} is left out.`);
    const received = new Date().toISOString();
    if ('reason' in read || store.hasBegun(run)) {
      const reason =
        'reason' in read ? read.reason : 'This run has begun at this site before, and does not begin again.';
      store.put({ run, received, state: 'REFUSED', answer: { run, state: 'REFUSED', reason } });
      log(`refused run ${run}: ${reason}`);
      return store.prune();
    }
    store.put({ run, task, received, hash: read.hash, makers: read.makers, state: 'WAITING' });
    const changed = known
      ? ' It is another task than the one that this run had before: an accept of that does not count.'
      : '';
    log(`offered: ${read.title}. ${read.hash} waits for you: task-chain-node approvals show.${changed}`);
  }

  private async hear(offers: readonly OfferLine[]): Promise<void> {
    const { store, log } = this.options;
    this.listed = offers;
    this.said.clear();
    const listed = new Set(offers.map(({ run }) => run));
    for (const run of this.untaken.keys()) if (!listed.has(run)) this.untaken.delete(run);
    for (const run of this.unkept.keys()) if (!listed.has(run)) this.unkept.delete(run);
    this.settled.keep(listed);
    for (const offer of store.inStates([...OPEN, 'REFUSED'])) {
      if (listed.has(offer.run)) continue;
      log(`run ${offer.run} is over, or was withdrawn.`);
      await this.faults.apart(offer.run, () => (offer.state === 'RUNNING' ? this.end(offer) : store.remove(offer.run)));
    }
    for (const { run } of store.inStates(['PREPARED']))
      if (!listed.has(run) && !this.missed.has(run)) {
        this.missed.add(run);
        log(`run ${run} is prepared, and the control plane does not say what became of it: its files wait.`);
      }
    await this.step();
  }

  private end(offer: Offer): void {
    if (this.running?.run === offer.run) this.running.work.stop();
    this.options.store.put({ ...offer, state: 'ENDED' });
  }

  /** Acts on decisions, says what the control plane has not heard, and starts what all have accepted. */
  private async step(): Promise<void> {
    this.isHeldUp = false;
    for (const line of this.listed) await this.faults.apart(line.run, () => this.stepOf(line));
  }

  private async stepOf({ run, state }: OfferLine): Promise<void> {
    if (state === 'COMMIT' || state === 'ABORT') return this.settle(run, state);
    this.takeUp(run);
    const found = this.unkept.get(run) ?? this.options.store.find(run);
    if (!found) return;
    const offer = this.decided(found);
    this.answer(offer, state);
    if (this.unkept.has(run)) this.put(offer);
    if (state !== 'GO' && state !== 'RUNNING') return;
    const isHere = this.running?.run === run;
    if (isHere) return this.stopRefused(offer);
    if (offer.state === 'WAITING' || offer.state === 'REFUSED') this.refuseToRun(offer);
    else if (offer.state === 'ENDED' || offer.state === 'DONE' || offer.state === 'RUNNING') this.lose(offer);
    else if (offer.state === 'ACCEPTED' && !this.running && !this.isClosed && !this.isHeldUp) this.begin(offer);
  }

  /** A person has refused it after it began. */
  private stopRefused(offer: Offer): void {
    const made = this.options.store.decided(offer);
    if (made?.decision !== 'refuse' || !this.running) return;
    this.running.refused = made.reason ?? 'no reason given';
    this.running.work.stop();
  }

  /** Does what was decided of a run, and says so until the control plane has heard it. */
  private async settle(run: string, decided: Decided): Promise<void> {
    if (this.said.has(`${run} SETTLED`)) return;
    const offer = this.unkept.get(run) ?? this.options.store.find(run);
    if (this.running?.run === run) {
      // It is settled once its process has ended.
      if (offer?.state === 'RUNNING') this.end(offer);
      return;
    }
    const done = await this.settled.settle(run, decided);
    if (done === undefined) return;
    this.unkept.delete(run);
    if (offer?.state === 'PREPARED' || (decided === 'COMMIT' && offer?.state !== 'DONE'))
      this.options.log(`run ${run} ${done}`);
    const left = this.options.store.find(run);
    if (left && OPEN.includes(left.state)) this.end(left);
    this.say({ run, state: 'SETTLED' });
  }

  /** Starts a run once earlier ones have named what it reads and writes. Where they cannot, it fails. */
  private begin(offer: Offer): void {
    const read = offeredTask(offer.task);
    const { chain_id: chain, task_id: id } = read.statement;
    const waiting = new Set(this.options.store.preparedOf([...makersOf(read), `${chain}/${id}`]));
    const before = this.listed.find(({ run }) => waiting.has(run));
    if (!before) return this.start(offer);
    const why = this.faults.of(before.run);
    if (why === undefined) {
      this.isHeldUp = true;
      return;
    }
    const { run } = offer;
    const message = `An earlier run, ${before.run}, waits for its names at this site: ${why}.`.slice(0, 2_000);
    this.finish(offer, { run, state: 'FAILED', code: 'SITE_NOT_READY', message, retryable: false });
  }

  /** Whether the run has become prepared. */
  private takePrepared(offer: Offer): boolean {
    const { folder, store } = this.options;
    const prepared = store.prepared(offer.run);
    if (!prepared) return false;
    if (!holdFiles(folder, prepared.files)) {
      dropRun(folder, store, offer.run, prepared.files);
      return false;
    }
    this.finish(offer, prepared.answer);
    return true;
  }

  private decided(offer: Offer): Offer {
    if (offer.state !== 'WAITING' && offer.state !== 'ACCEPTED') return offer;
    const made = this.options.store.decided(offer);
    const { run } = offer;
    if (made === undefined) {
      if (offer.state === 'WAITING') return offer;
      return this.keep(offer, {
        run,
        state: 'REFUSED',
        reason:
          'The accept counts no longer: it is older than 7 days, as many runs as it is for have begun, or what the task reads was made anew by another one.',
      });
    }
    if (made.decision === 'accept')
      return offer.state === 'ACCEPTED' ? offer : this.keep(offer, { run, state: 'ACCEPTED' });
    return this.keep(offer, { run, state: 'REFUSED', reason: made.reason ?? 'no reason given' });
  }

  private answer({ run, state, answer }: Offer, heard: OfferState): void {
    if (!answer || !UNHEARD[state]?.includes(heard) || !this.send) return;
    if (!this.said.has(`${run} ${state}`)) this.say(answer);
  }

  private say(answer: SiteAnswer): void {
    this.said.add(`${answer.run} ${answer.state}`);
    this.send?.(answer);
  }

  /** The control plane says that this site has accepted. It has not. */
  private refuseToRun(offer: Offer): void {
    const message = 'Nobody at this site has accepted the task of this run.';
    this.options.log(`run ${offer.run}: ${message} The control plane says that somebody has.`);
    this.finish(offer, { run: offer.run, state: 'FAILED', code: 'SITE_REFUSED', message, retryable: false });
  }

  /** The control plane takes it for a run that goes on, or is to begin. Here it is over. */
  private lose(offer: Offer): void {
    const message = 'The run is over at this site, which has no outcome of it.';
    return this.finish(offer, { run: offer.run, state: 'FAILED', code: 'PARTY_LOST', message, retryable: true });
  }

  private start(offer: Offer): void {
    const { run } = offer;
    const started = { run, state: 'RUNNING', fraction: 0, stage: 'waits for the others' } as const;
    let kept: Offer;
    try {
      kept = this.keep(offer, started);
    } catch (error) {
      const message = `The site cannot write to its folder (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`;
      this.finish(offer, { run, state: 'FAILED', code: 'SITE_NOT_READY', message, retryable: false });
      return;
    }
    // The next process says that it is lost.
    if (this.isClosed) return;
    this.say(started);
    this.options.log(`run ${run} begins`);
    const relay = this.listed.find((line) => line.run === run)?.relay;
    const work = this.options.start(kept, (fraction, stage) => this.progress(run, fraction, stage), relay);
    this.running = { run, work };
    void work.ended.then((end) => this.then(() => this.ended(run, end)));
  }

  private progress(run: string, fraction: number, stage: string): void {
    if (performance.now() - this.progressAt < PROGRESS_MS) return;
    this.progressAt = performance.now();
    this.send?.({ run, state: 'RUNNING', fraction: Math.min(1, Math.max(0, fraction)), stage: stage.slice(0, 128) });
  }

  private async ended(run: string, end: OfferEnd): Promise<void> {
    const { store, log } = this.options;
    const { refused } = this.running ?? {};
    this.running = undefined;
    await this.faults.apart(run, () => {
      const offer = store.find(run);
      // Also where it was killed after that: what is prepared is not this site's to decide.
      if (offer?.state === 'RUNNING' && this.takePrepared(offer)) return log(`run ${run} is prepared`);
      const failed = refused === undefined ? (end === 'PREPARED' ? GONE : end) : refusedOf(refused);
      log(`run ${run} ended: ${failed.code}: ${failed.message}`);
      if (offer?.state === 'RUNNING') this.finish(offer, { run, state: 'FAILED', ...failed });
    });
    await this.faults.apart('', () => store.prune());
    await this.step();
  }

  /** Says how a run ended, also where the disk does not take it. */
  private finish(offer: Offer, answer: Ended): void {
    const ended: Offer = { ...offer, state: answer.state, answer };
    this.unkept.set(offer.run, ended);
    try {
      this.put(ended);
    } finally {
      this.say(answer);
    }
  }

  private put(ended: Offer): void {
    this.options.store.put(ended);
    this.unkept.delete(ended.run);
  }

  private keep(offer: Offer, answer: Exclude<SiteAnswer, { state: 'SETTLED' }>): Offer {
    const kept: Offer = { ...offer, state: answer.state, answer };
    this.options.store.put(kept);
    return kept;
  }
}
