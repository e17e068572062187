import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { FINGERPRINT, type SiteAnswer } from '#libs/peers';
import type { Outcome } from './run-task.js';
import { parsed, replace, writeNew } from './node-folder.js';
import { Refusal } from './refusal.js';

/** One run of a task that the control plane has offered to this site. The process of `connect` alone writes it. */
export interface Offer {
  readonly run: string;
  /** `sha256:<hex>` of the task, as this site computes it; absent where that is no task for this site. */
  readonly hash?: string;
  /** As it was offered; absent where that is no task for this site, since anything of any size may come. */
  readonly task?: unknown;
  /**
   * WAITING: for a person at this site. ENDED: the control plane offers it no longer, and has no answer of a run. The others are as the
   * control plane is told them.
   */
  readonly state: 'WAITING' | 'ENDED' | SiteAnswer['state'];
  readonly received: string;
  /** What the control plane is told of this state. */
  readonly answer?: SiteAnswer;
  /** What this party has of it. It stays here. */
  readonly outcome?: Outcome;
}

/** What a person at this site has decided on a task. Commands alone write it. */
export interface Decision {
  readonly version: 1;
  readonly hash: string;
  readonly decision: 'accept' | 'refuse';
  /** The runs that waited when it was made. */
  readonly runs: readonly string[];
  /** Whether it counts for every later run of exactly this task too. */
  readonly again: boolean;
  readonly reason?: string;
  readonly at: string;
}

const isDecision = new Ajv2020({ strict: false }).compile<Decision>({
  type: 'object',
  additionalProperties: false,
  required: ['version', 'hash', 'decision', 'runs', 'again', 'at'],
  properties: {
    version: { const: 1 },
    hash: { type: 'string', pattern: FINGERPRINT.source },
    decision: { enum: ['accept', 'refuse'] },
    runs: { type: 'array', items: { type: 'string' } },
    again: { type: 'boolean' },
    reason: { type: 'string', maxLength: 500 },
    at: { type: 'string' },
  },
});

/** How long a decision counts. */
const DECISION_MS = 7 * 24 * 3_600_000;
/** Offers that are over, and are shown still. */
const MOST_OVER = 200;

/** Offers and decisions of a site, a file each, so that neither process overwrites what the other wrote. */
export class OfferStore {
  private readonly offers: string;
  private readonly decisions: string;
  private readonly started: string;

  constructor(folder: string) {
    this.offers = join(folder, 'offers');
    this.decisions = join(folder, 'decisions');
    this.started = join(folder, 'started');
  }

  /** All of them, the oldest first. */
  async list(): Promise<readonly Offer[]> {
    const names = await readdir(this.offers).catch(() => []);
    const texts = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        // One may have been removed meanwhile.
        .map((name) => readFile(join(this.offers, name), 'utf8').catch(() => '')),
    );
    const all = texts.map(parsed).filter((each): each is Offer => typeof each === 'object' && each !== null);
    return all.sort((a, b) => (a.received < b.received ? -1 : 1));
  }

  async find(run: string): Promise<Offer | undefined> {
    return parsed(await readFile(this.offer(run), 'utf8').catch(() => '')) as Offer | undefined;
  }

  /** Keeps an offer, once on the disk. */
  async put(offer: Offer): Promise<void> {
    await mkdir(this.offers, { recursive: true, mode: 0o700 });
    await replace(this.offer(offer.run), offer);
  }

  async remove(run: string): Promise<void> {
    await rm(this.offer(run), { force: true });
  }

  /** Forgets the oldest of those that are over. `runs` keeps their records. */
  async prune(): Promise<void> {
    const over = (await this.list()).filter(({ state }) => ['ENDED', 'DONE', 'FAILED', 'REFUSED'].includes(state));
    for (const { run } of over.slice(0, Math.max(0, over.length - MOST_OVER))) await this.remove(run);
  }

  /**
   * Takes a run as begun, once on the disk. Returns false where it has begun here before. That is never forgotten: else a control plane could
   * have one accept run twice, on tables that have changed meanwhile.
   */
  async begin(run: string): Promise<boolean> {
    await mkdir(this.started, { recursive: true, mode: 0o700 });
    return writeNew(this.beginning(run), '');
  }

  async hasBegun(run: string): Promise<boolean> {
    return stat(this.beginning(run)).then(
      () => true,
      () => false,
    );
  }

  /** Keeps a decision in place of an earlier one on the same task, once on the disk. */
  async decide(decision: Decision): Promise<void> {
    await mkdir(this.decisions, { recursive: true, mode: 0o700 });
    await replace(this.decision(decision.hash), decision);
  }

  /** What was decided on a run of a task; undefined: nothing, on another run alone, or too long ago. Throws Refusal where the file is not whole. */
  async decided({ hash, run }: Pick<Offer, 'hash' | 'run'>): Promise<Decision | undefined> {
    if (hash === undefined) return undefined;
    const path = this.decision(hash);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const decision = parsed(text);
    if (!isDecision(decision) || decision.hash !== hash) throw new Refusal(`${path} is no decision on ${hash}.`);
    if (!(Date.now() - Date.parse(decision.at) <= DECISION_MS)) return undefined;
    return decision.again || decision.runs.includes(run) ? decision : undefined;
  }

  private offer(run: string): string {
    return join(this.offers, `${runName(run)}.json`);
  }

  private beginning(run: string): string {
    return join(this.started, runName(run));
  }

  private decision(hash: string): string {
    if (!FINGERPRINT.test(hash)) throw new Refusal('The hash of a task is sha256: and 64 hex digits.');
    return join(this.decisions, `${hash.slice('sha256:'.length)}.json`);
  }
}

function runName(run: string): string {
  if (!/^[0-9a-f-]{36}$/.test(run)) throw new Refusal(`${JSON.stringify(run)} is no run.`);
  return run;
}
