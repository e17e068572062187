import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'libsql';
import type { HeldFile } from '#libs/compute';
import type { ConsentJson } from '#libs/consent';
import { FINGERPRINT, type SiteAnswer } from '#libs/peers';
import { isOld, type Decision, type From } from './decision.js';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import type { Outcome } from './outcome.js';
import {
  checkLog,
  entryOf,
  hashOf,
  NONE,
  sha256,
  type Action,
  type Entry,
  type EntryRow,
  type LogCheck,
} from './site-log.js';

/** One run of a task that the control plane has offered to this site. The process of `connect` alone writes it. */
export interface Offer {
  readonly run: string;
  /** `sha256:<hex>` of the task, as this site computes it; absent where that is no task for this site. */
  readonly hash?: string;
  /** As it was offered; absent where that is no task for this site, since anything of any size may come. */
  readonly task?: unknown;
  /**
   * WAITING: for a person at this site. DONE: it counts, and its files have their names. ENDED: withdrawn or aborted by the
   * control plane. The others are as the control plane hears them.
   */
  readonly state: 'WAITING' | 'ENDED' | 'DONE' | Exclude<SiteAnswer['state'], 'SETTLED'>;
  readonly received: string;
  /** `<chain>/<task>` of what made the artifacts that it reads. An offer that an earlier version took in, and that is over, has none. */
  readonly makers?: readonly string[];
  /** What the control plane is told of this state. */
  readonly answer?: SiteAnswer;
  /** What this party has of it. It stays here. */
  readonly outcome?: Outcome;
}

/** What made the artifacts of a task that lie at this site. */
export interface Made {
  /** The hash of the task as this site ran it, with what it was made from. */
  readonly task: string;
  /** Names the run by the accepts of all. */
  readonly session: string;
  /** What tells the artifacts that it left from others of their names (`stampOf`), by `<party>/<name>`, or `<name>` where it is of no party. */
  readonly files: Readonly<Record<string, string>>;
}

/** A run whose part here is complete, and has no name until its control plane says that it counts at all sites. */
export interface Prepared {
  /** `<chain>/<task>`. */
  readonly maker: string;
  readonly made: Made;
  /** Everybody who took part, by name: the fingerprint of the key. */
  readonly members: Readonly<Record<string, string>>;
  /** What the site answers to the control plane, with its signed vote. */
  readonly answer: Extract<SiteAnswer, { state: 'PREPARED' }>;
  /** What this party has of it; null at a dealer. */
  readonly outcome: Outcome | null;
  readonly files: readonly PreparedFile[];
}

/** A file of a run that is prepared. Paths are relative to the folder of the site. */
export interface PreparedFile {
  /** Where the run has written it. */
  readonly temporary: string;
  /** Where it lies until it gets its name: no later attempt takes it for what a killed one left. */
  readonly held: string;
  /** `stampOf` it. */
  readonly stamp: string;
  readonly file: HeldFile;
}

/** Offers that are over, and are shown still. */
const MOST_OVER = 200;
const OVER: readonly string[] = ['ENDED', 'DONE', 'FAILED', 'REFUSED'] satisfies Offer['state'][];
const BUSY_MS = 10_000;
/** What each version of the file adds to the one before. */
const VERSIONS = [
  `CREATE TABLE offers (run TEXT PRIMARY KEY, received TEXT NOT NULL, offer TEXT NOT NULL) STRICT;
   CREATE TABLE decisions (hash TEXT PRIMARY KEY, decision TEXT NOT NULL) STRICT;
   -- Never emptied: else a control plane could have one accept run twice, on tables that have changed meanwhile.
   CREATE TABLE begun (run TEXT PRIMARY KEY) STRICT;
   CREATE TABLE log (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL, details TEXT NOT NULL, hash TEXT NOT NULL) STRICT;`,
  // Which task, and which run of it, made the artifacts that lie here.
  'CREATE TABLE made (maker TEXT PRIMARY KEY, made TEXT NOT NULL) STRICT;',
  'CREATE TABLE attempts (maker TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;',
  `CREATE INDEX offers_by_state ON offers (offer ->> '$.state');`,
  'CREATE TABLE prepared (run TEXT PRIMARY KEY, maker TEXT NOT NULL, prepared TEXT NOT NULL) STRICT;',
  // How far the records of other sites go, by the fingerprints of their keys. They alone can read it.
  'CREATE TABLE marks (fingerprint TEXT PRIMARY KEY, mark TEXT NOT NULL) STRICT;',
] as const;

/**
 * What a site keeps of offers, decisions and runs, and the log of what was done there: SQLite in one file, by `libsql`, whose binary comes in
 * its package. Each change is on the disk when its call returns. Several processes may have it open.
 */
export class SiteStore {
  private constructor(private readonly db: Database.Database) {}

  /** Opens `site.db` of a site's folder, and makes it if it is missing. Throws Refusal if the file is damaged, or of a newer version. */
  static open(folder: string): SiteStore {
    const path = join(folder, 'site.db');
    makeEmpty(path);
    const db = new Database(path, { timeout: BUSY_MS });
    try {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      const store = new SiteStore(db);
      store.atOnce(() => {
        const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
        if (version > VERSIONS.length) throw new Refusal(`${path} is of a newer task-chain-node: update this one.`);
        for (const more of VERSIONS.slice(version)) db.exec(more);
        if (version < VERSIONS.length) db.exec(`PRAGMA user_version = ${VERSIONS.length}`);
      });
      return store;
    } catch (error) {
      db.close();
      const { code } = error as { code?: string };
      if (code !== 'SQLITE_NOTADB' && code !== 'SQLITE_CORRUPT') throw error;
      throw new Refusal(`${path} is damaged (${code}): put the newest backup of it in its place.`);
    }
  }

  close(): void {
    this.db.close();
  }

  /** All of them, the oldest first. */
  list(): readonly Offer[] {
    return this.all<{ offer: string }>('SELECT offer FROM offers ORDER BY received, run').map(offerOf);
  }

  /** Those in one of these states, the oldest first: what is over, and may be large, is not read. */
  inStates(states: readonly Offer['state'][]): readonly Offer[] {
    const sql = `SELECT offer FROM offers WHERE offer ->> '$.state' IN (${states.map(() => '?').join()}) ORDER BY received, run`;
    return this.all<{ offer: string }>(sql, ...states).map(offerOf);
  }

  find(run: string): Offer | undefined {
    return this.all<{ offer: string }>('SELECT offer FROM offers WHERE run = ?', run).map(offerOf)[0];
  }

  /** Keeps an offer. */
  put(offer: Offer): void {
    this.atOnce(() => {
      const before = this.find(offer.run);
      this.run('REPLACE INTO offers (run, received, offer) VALUES (?, ?, ?)', [
        runName(offer.run),
        offer.received,
        JSON.stringify(offer),
      ]);
      const { run, hash, state, answer } = offer;
      const wasAtWork = before?.state === 'RUNNING' || before?.state === 'PREPARED';
      if (!wasAtWork || !OVER.includes(state) || hash === undefined) return;
      const told = answer && { answer: sha256(answer as unknown as ConsentJson) };
      const code = answer?.state === 'FAILED' && { code: answer.code };
      this.append('ended', { run, task: hash, state, ...code, ...told });
    });
  }

  remove(run: string): void {
    this.run('DELETE FROM offers WHERE run = ?', [run]);
  }

  /** Forgets the oldest of those that are over. `runs` keeps their records. What a party has of a run is not pushed out by runs that left nothing. */
  prune(): void {
    const over = this.list().filter(({ state }) => OVER.includes(state));
    for (const alike of [over.filter(({ outcome }) => outcome), over.filter(({ outcome }) => !outcome)])
      for (const { run } of alike.slice(0, Math.max(0, alike.length - MOST_OVER))) this.remove(run);
  }

  /** Takes a run of a task as begun. Returns false where it has begun here before, which is never forgotten. */
  begin(run: string, hash: string): boolean {
    return this.atOnce(() => {
      if (this.hasBegun(run)) return false;
      this.run('INSERT INTO begun (run) VALUES (?)', [runName(run)]);
      this.append('began', { run, task: hash });
      return true;
    });
  }

  hasBegun(run: string): boolean {
    return this.all('SELECT run FROM begun WHERE run = ?', run).length > 0;
  }

  /**
   * Keeps a run that is prepared: from now on it is not this site that decides what becomes of it. Throws Refusal where it runs no longer, as the
   * site has told meanwhile, or where another task has prepared a file of the same name.
   */
  prepare(run: string, prepared: Prepared): void {
    this.atOnce(() => {
      if (this.find(run)?.state !== 'RUNNING') throw new Refusal('The run is over at this site.');
      const finals = new Set(prepared.files.map(({ file }) => file.final));
      const others = this.all<{ prepared: string }>('SELECT prepared FROM prepared WHERE maker <> ?', prepared.maker);
      for (const other of others.map((row) => JSON.parse(row.prepared) as Prepared))
        for (const { file } of other.files)
          if (finals.has(file.final))
            throw new Refusal(`${file.final} is about to be written by ${other.maker} as well: give one another path.`);
      this.run('INSERT INTO prepared (run, maker, prepared) VALUES (?, ?, ?)', [
        runName(run),
        prepared.maker,
        JSON.stringify(prepared),
      ]);
      this.append('prepared', { run, task: prepared.made.task, vote: sha256(prepared.answer.vote) });
    });
  }

  prepared(run: string): Prepared | undefined {
    const [row] = this.all<{ prepared: string }>('SELECT prepared FROM prepared WHERE run = ?', run);
    return row && (JSON.parse(row.prepared) as Prepared);
  }

  /** The runs of one of these tasks, `<chain>/<task>`, that are prepared, the oldest first. */
  preparedOf(makers: readonly string[]): readonly string[] {
    const sql = `SELECT run FROM prepared WHERE maker IN (${makers.map(() => '?').join()}) ORDER BY rowid`;
    return this.all<{ run: string }>(sql, ...makers).map(({ run }) => run);
  }

  /** It has its names, or is dropped. */
  settle(run: string, state: 'DONE' | 'ENDED', outcome?: Outcome): void {
    this.atOnce(() => {
      this.run('DELETE FROM prepared WHERE run = ?', [run]);
      const offer = this.find(run);
      if (!offer) return;
      const { answer: _, ...rest } = offer;
      this.put({ ...rest, state, ...(outcome && { outcome }) });
    });
  }

  /** Keeps a decision in place of an earlier one on the same task. */
  decide(made: Decision): void {
    if (!FINGERPRINT.test(made.hash)) throw new Refusal('The hash of a task is sha256: and 64 hex digits.');
    this.atOnce(() => {
      this.run('REPLACE INTO decisions (hash, decision) VALUES (?, ?)', [made.hash, JSON.stringify(made)]);
      const { hash: task, at: _, ...more } = made;
      this.append('decided', { task, ...more });
    });
  }

  /** What was decided on a run of a task; undefined: nothing, on another run alone, or too long ago. */
  decided({ hash, run, makers = [] }: Pick<Offer, 'hash' | 'run' | 'makers'>): Decision | undefined {
    const made = hash === undefined ? undefined : this.lastDecision(hash);
    if (made === undefined) return undefined;
    if (made.decision === 'accept' && !isDeepStrictEqual(made.from ?? {}, this.from(makers))) return undefined;
    if (!made.again) return made.runs.includes(run) ? made : undefined;
    return this.hasBegun(run) || this.left(made) > 0 ? made : undefined;
  }

  /** How many runs may still begin under what was decided last on a task. */
  left({ hash, most = Infinity }: Decision): number {
    if (most === Infinity) return most;
    const sql = `SELECT count(*) AS begun FROM log WHERE action = 'began' AND details ->> '$.task' = ?1
                    AND seq > (SELECT max(seq) FROM log WHERE action = 'decided' AND details ->> '$.task' = ?1)`;
    return most - this.all<{ begun: number }>(sql, hash)[0]!.begun;
  }

  /** What was decided last on a task, for whichever runs and inputs; undefined: nothing, or too long ago. */
  lastDecision(hash: string): Decision | undefined {
    const [row] = this.all<{ decision: string }>('SELECT decision FROM decisions WHERE hash = ?', hash);
    const made = row && decisionOf(row);
    return made && !isOld(made) ? made : undefined;
  }

  /**
   * The accepts of all later runs, the oldest first, whether or not their tasks are offered now. One whose inputs were made anew is among them:
   * it counts again once the former task makes them.
   */
  standing(): readonly Decision[] {
    const all = this.all<{ decision: string }>("SELECT decision FROM decisions ORDER BY decision ->> '$.at', hash");
    const counts = (made: Decision): boolean => made.decision === 'accept' && made.again && !isOld(made);
    return all.map(decisionOf).filter((made) => counts(made) && this.left(made) > 0);
  }

  /** The number of the next attempt at a task, `<chain>/<task>`, here. */
  nextAttempt(maker: string): number {
    const sql = 'INSERT INTO attempts VALUES (?, 1) ON CONFLICT (maker) DO UPDATE SET last = last + 1 RETURNING last';
    return this.all<{ last: number }>(sql, maker)[0]!.last;
  }

  /** Keeps what makes the artifacts of a task, `<chain>/<task>`: before they get their names. */
  keepMade(maker: string, made: Made): void {
    this.run('REPLACE INTO made (maker, made) VALUES (?, ?)', [maker, JSON.stringify(made)]);
  }

  /** What made the artifacts of a task, if any was made here. */
  made(maker: string): Made | undefined {
    const [row] = this.all<{ made: string }>('SELECT made FROM made WHERE maker = ?', maker);
    // Rows of earlier versions have no files.
    return row && { files: {}, ...(JSON.parse(row.made) as Omit<Made, 'files'> & Partial<Made>) };
  }

  /** What these tasks were when they made the artifacts that lie here. One that made none here is left out. */
  from(makers: readonly string[]): From {
    return this.ofMade(makers, 'task');
  }

  /** Which runs made them: by task of the chain, the session. */
  sessions(makers: readonly string[]): Readonly<Record<string, string>> {
    return this.ofMade(makers, 'session');
  }

  private ofMade(makers: readonly string[], field: 'task' | 'session'): Readonly<Record<string, string>> {
    const all = [...new Set(makers)].sort().map((maker) => [maker.split('/')[1]!, this.made(maker)?.[field]] as const);
    return Object.fromEntries(all.filter((each): each is [string, string] => each[1] !== undefined));
  }

  /** What this site keeps for the site of a key. */
  mark(fingerprint: string): string | undefined {
    return this.all<{ mark: string }>('SELECT mark FROM marks WHERE fingerprint = ?', fingerprint)[0]?.mark;
  }

  keepMark(fingerprint: string, mark: string): void {
    this.run('REPLACE INTO marks (fingerprint, mark) VALUES (?, ?)', [fingerprint, mark]);
  }

  /** Adds an entry to the log. */
  note(action: Action, details: Entry['details']): void {
    this.atOnce(() => this.append(action, details));
  }

  /** The last entries of the log, the oldest first. */
  entries(most: number): readonly Entry[] {
    return this.all<EntryRow>('SELECT * FROM log ORDER BY seq DESC LIMIT ?', most).map(entryOf).reverse();
  }

  /** The entries of this action after another one, the oldest first. */
  entriesOf(action: Action, after = 0): readonly Entry[] {
    const sql = 'SELECT * FROM log WHERE action = ? AND seq > ? ORDER BY seq';
    return this.all<EntryRow>(sql, action, after).map(entryOf);
  }

  /** Whether an entry has this hash. */
  hasEntry(hash: string): boolean {
    return this.all('SELECT seq FROM log WHERE hash = ?', hash).length > 0;
  }

  /** Checks that each entry of the log follows on the one before. */
  check(): LogCheck {
    return checkLog(this.all<EntryRow>('SELECT * FROM log ORDER BY seq').map(entryOf));
  }

  private append(action: Action, details: Entry['details']): void {
    const [last] = this.entries(1);
    const entry = { seq: (last?.seq ?? 0) + 1, at: new Date().toISOString(), action, details };
    this.run('INSERT INTO log (seq, at, action, details, hash) VALUES (?, ?, ?, ?, ?)', [
      entry.seq,
      entry.at,
      action,
      JSON.stringify(details),
      hashOf(entry, last?.hash ?? NONE),
    ]);
  }

  /** All of it or nothing, and nobody else in between. */
  atOnce<T>(work: () => T): T {
    if (this.db.inTransaction) return work();
    return this.db.transaction(work).immediate() as T;
  }

  private all<Row>(sql: string, ...values: readonly unknown[]): Row[] {
    return this.db.prepare(sql).all(...values) as Row[];
  }

  private run(sql: string, values: readonly unknown[]): void {
    this.db.prepare(sql).run(...values);
  }
}

/** Opens the store of a site, uses it, and closes it. Throws Refusal where the folder is no site's. */
export async function withStore<T>(folder: string, work: (store: SiteStore) => T): Promise<T> {
  const site = new NodeFolder(folder);
  await site.read();
  const store = SiteStore.open(site.path);
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/**
 * Makes a file for its owner alone, where there is none: SQLite gives those beside it the same rights. One that is there is not opened: POSIX
 * drops all locks that a process has on a file when it closes any descriptor of it.
 */
function makeEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

const decisionOf = ({ decision }: { readonly decision: string }): Decision => JSON.parse(decision) as Decision;
const offerOf = ({ offer }: { readonly offer: string }): Offer => JSON.parse(offer) as Offer;
function runName(run: string): string {
  if (!/^[0-9a-f-]{36}$/.test(run)) throw new Refusal(`${JSON.stringify(run)} is no run.`);
  return run;
}
