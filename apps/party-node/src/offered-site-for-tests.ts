import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { HeldFile } from '#libs/compute';
import {
  fingerprintOf,
  membersHash,
  resultHash,
  signVote,
  type OfferState,
  type SiteAnswer,
  type ToSite,
} from '#libs/peers';
import { NodeFolder } from './node-folder.js';
import { stampOf } from './inputs.js';
import { prepareRun } from './prepared-run.js';
import type { OfferEnd } from './running-offer.js';
import { SiteOffers } from './site-offers.js';
import { SiteStore, type Offer } from './site-store.js';
import { command, type Ran } from './sites-for-tests.js';
import { offeredTask } from './task-file.js';

export const [RUN, LATER] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
export const EARLIER = '00000000-0000-4000-8000-000000000000';
export const taskOf = (input = 'a.csv', init: object = {}) => ({
  ...{ chain_id: 'chain-1', task_id: 'match', task_type: 'psi', purpose: 'common customers' },
  task_params: {
    sf_init_config: { parties: ['alice', 'bob'], address: 'node', ...init },
    task_config: { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: input, bob: 'b.csv' } },
  },
});

/** A value with each of its texts changed, one at a time, by the path to it. */
export function changesOf(value: object): (readonly [path: string, changed: object])[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const put = (changed: unknown): object =>
      Array.isArray(value) ? (value as unknown[]).with(Number(name), changed) : { ...value, [name]: changed };
    if (typeof inner === 'string') return [[name, put(`${inner}x`)] as const];
    return changesOf(inner as object).map(([path, changed]) => [`${name}.${path}`, put(changed)] as const);
  });
}

/** The key of bob, who has no site here. */
const bob = generateKeyPairSync('ed25519');

/** A site, and what it says and runs. */
export class OfferedSite {
  /** Its disk is full. */
  full = false;
  readonly said: SiteAnswer[] = [];
  readonly log: string[] = [];
  readonly started: {
    readonly run: string;
    readonly relay: string | undefined;
    end(end: OfferEnd): void;
    stopped: boolean;
  }[] = [];
  offers!: SiteOffers;
  connection = 0;

  store!: SiteStore;
  mostOffers = 0;
  mostBytes = 0;
  onPut: (offer: Offer) => void = () => undefined;

  private constructor(
    readonly folder: NodeFolder,
    readonly name: string,
    readonly fingerprint: string,
  ) {}

  /** The site of a party, below a folder. */
  static async make(below: string, name = 'alice'): Promise<OfferedSite> {
    const folder = new NodeFolder(await mkdtemp(join(below, 'site-')));
    const site = new OfferedSite(folder, name, await folder.init({ name, dealer: false }));
    const peers = { [name === 'bob' ? 'alice' : 'bob']: { fingerprint: fingerprintOf(bob.publicKey) } };
    await folder.write({ ...(await folder.read()), peers });
    await site.open();
    return site;
  }

  async open(): Promise<void> {
    const store = SiteStore.open(this.folder.path);
    this.store = store;
    const put = store.put.bind(store);
    store.put = (offer) => {
      if (this.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      put(offer);
      this.mostOffers = Math.max(this.mostOffers, store.list().length);
      this.mostBytes = Math.max(this.mostBytes, JSON.stringify(offer).length);
      this.onPut(offer);
    };
    this.offers = new SiteOffers({
      store,
      folder: this.folder,
      file: await this.folder.read(),
      everyMs: 5,
      log: (message) => void this.log.push(message),
      start: ({ run }, _progress, relay) => {
        let end!: (end: OfferEnd) => void;
        const ended = new Promise<OfferEnd>((resolve) => (end = resolve));
        const started = { run, relay, end, stopped: false };
        this.started.push(started);
        const stop = (): void => {
          started.stopped = true;
          end({ code: 'PARTY_LOST', message: 'stopped', retryable: true });
        };
        return { ended, stop };
      },
    });
    this.offers.open();
    this.connect();
  }

  async close(): Promise<void> {
    await this.offers.close();
    this.store.close();
  }

  connect(): void {
    this.connection = this.offers.connected((answer) => void this.said.push(answer));
  }

  hear(...offers: readonly (readonly [run: string, state: OfferState])[]): void {
    this.take({ kind: 'offers', offers: offers.map(([run, state]) => ({ run, state })) });
  }

  take(frame: ToSite): void {
    void this.offers.receive(this.connection, frame);
  }

  /** Until it has done what it has heard. */
  async idle(): Promise<void> {
    await this.offers.receive(-1, { kind: 'offers', offers: [] });
  }

  offer(run: string, task: object = taskOf()): void {
    this.take({ kind: 'task', run, task });
    this.hear([run, 'OFFERED']);
  }

  approvals(...args: string[]): Promise<Ran> {
    return command(['approvals', ...args, '--folder', this.folder.path]);
  }

  /** The hash of the one task that waits. */
  async waiting(): Promise<string> {
    for (;;) {
      const found = /^WAITING +(sha256:\S+)/m.exec((await this.approvals('ls')).out)?.[1];
      if (found !== undefined) return found;
    }
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async untilState(run: string, state: string): Promise<void> {
    while (!(await this.approvals('ls')).out.split('\n').some((line) => line.startsWith(state) && line.endsWith(run)))
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Offers a run of a task, accepts it, and starts it. */
  async go(run: string, task = taskOf()): Promise<void> {
    const before = this.started.length;
    this.take({ kind: 'task', run, task });
    this.hear([run, 'OFFERED']);
    await this.approvals('accept', await this.waiting());
    this.hear([run, 'GO']);
    await this.until(() => this.started.length > before);
  }

  /** Lays the artifact `alice/t.csv` of the task `prep` here. The function that it returns notes which task made it, by one hex digit. */
  async layInput(): Promise<(task: string) => void> {
    const folder = join(this.folder.artifactRoot, 'chain-1/prep/alice');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 't.csv'), 'id\n1\n');
    const files = { 'alice/t.csv': stampOf(join(folder, 't.csv'))! };
    return (task) => this.store.keepMade('chain-1/prep', { task: `sha256:${task.repeat(64)}`, session: 's', files });
  }

  /** As the process of a run leaves it that has written `t.csv`, and came to a result. */
  async prepare(
    run: string,
    text = 'id\n1\n',
    others = { bob: fingerprintOf(bob.publicKey) } as object,
  ): Promise<string> {
    const { name } = this;
    const { hash, statement } = offeredTask(this.store.find(run)!.task);
    const maker = `${statement.chain_id}/${statement.task_id}`;
    const folder = join(this.folder.artifactRoot, maker, name);
    const final = join(folder, 't.csv');
    const temporary = join(folder, `.t.csv.${run}.tmp`);
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, text);
    const artifact = { name: `${name}/t.csv`, mediaType: 'text/csv', sizeBytes: text.length, sha256: 'a'.repeat(64) };
    const files: HeldFile[] = [{ temporary, final, artifact }];
    const made = { task: hash, session: `session of ${run}`, files: { [`${name}/t.csv`]: stampOf(temporary)! } };
    const members = { ...others, [name]: this.fingerprint };
    const left = { result: { count: 3 }, party_result: { own: 7 } as never, artifacts: [artifact] };
    await prepareRun(this.folder, name, run, { left, files, task: hash, maker, made, members });
    return final;
  }

  /** What bob signs of a run, or of a key of another. */
  vote(run: string, more: object = {}, key: KeyObject = bob.privateKey): Promise<string> {
    const { hash } = offeredTask(this.store.find(run)!.task);
    const members = membersHash({ alice: this.fingerprint, bob: fingerprintOf(bob.publicKey) });
    const said = {
      ...{ session: `session of ${run}`, task: hash, members },
      ...{ result: resultHash({ count: 3 }), files: 'f', ...more },
    };
    return signVote({ kind: 'prepared', member: 'bob', run, ...said }, key);
  }

  /** The control plane says that a run counts, with these votes beside that of this site. */
  async commit(run: string, ...votes: readonly string[]): Promise<void> {
    const own = this.store.prepared(run);
    this.hear([run, 'COMMIT']);
    this.take({ kind: 'votes', run, votes: [...(own ? [own.answer.vote] : []), ...votes] });
  }
}
