import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import {
  answerOffer,
  loseOffered,
  mayMeet,
  offeredTask,
  offerRun,
  offersOfNodes,
  prepareOffer,
  settleRun,
  sitesOfRuns,
  startOffered,
  voteRun,
  votesOfRun,
} from './statements/node-offers.js';

/** An attempt of a task that is to run at sites. */
interface OfferedRun {
  readonly taskRequestId: string;
  readonly attempt: number;
  /** Its name, where it is offered for the first time. */
  readonly run: string;
  readonly sites: readonly { readonly party: string; readonly dealer: boolean }[];
  readonly task: string;
}

/** A site's part of a run, as it is stored. */
export interface SiteOfRun {
  readonly run: string;
  readonly party: string;
  readonly dealer: boolean;
  readonly state:
    'OFFERED' | 'ACCEPTED' | 'REFUSED' | 'GO' | 'RUNNING' | 'PREPARED' | 'DONE' | 'FAILED' | 'CANCELLED' | 'LOST';
  /** Of the key that it had when the run was offered. */
  readonly fingerprint: string;
  /** What the site has answered, as JSON. */
  readonly answer: string | null;
  /** What it has signed, where it is prepared. */
  readonly vote: string | null;
  readonly fraction: number;
  readonly stage: string | null;
  /** Whether it was connected, or was told to run it, within 30 s. */
  readonly is_here: boolean;
  /** Whether the key counts that it was offered to. */
  readonly counts: boolean;
  /** Of the protocol of its last connection. */
  readonly version: number | null;
}

/** What is offered on the current connection of a site. */
interface OfferOfNode {
  readonly connection: string;
  /** null: nothing is offered. */
  readonly run: string | null;
  readonly state: LineOfNode['state'] | null;
}

/** A run that is offered, or of which the site has to hear what became. */
interface LineOfNode {
  readonly run: string;
  readonly state: 'OFFERED' | 'ACCEPTED' | 'REFUSED' | 'GO' | 'RUNNING' | 'PREPARED' | 'FAILED' | 'COMMIT' | 'ABORT';
}

/** Runs of tasks at sites, as the worker's role offers them and passes on what sites answer. */
@Injectable()
export class NodeOfferRepository {
  /** Offers a run to all of its sites. Returns its name: that of before where the attempt is offered already; null: who has no site. */
  async offer(
    db: Queryable,
    { taskRequestId, attempt, run, sites, task }: OfferedRun,
  ): Promise<{ readonly run: string | null; readonly missing: readonly string[] }> {
    const parties = sites.map(({ party }) => party);
    const dealers = sites.map(({ dealer }) => dealer);
    const values = [taskRequestId, attempt, run, parties, dealers, task];
    const [row] = await db.query<{ run: string | null; missing: string[] }>(offerRun, values);
    return row!;
  }

  sitesOf(db: Queryable, runs: readonly string[]): Promise<SiteOfRun[]> {
    return db.query<SiteOfRun>(sitesOfRuns, [runs]);
  }

  /** Tells all sites to run it, if all have accepted. */
  async start(db: Queryable, run: string): Promise<boolean> {
    const [row] = await db.query<{ started: boolean }>(startOffered, [run]);
    return row!.started;
  }

  /** A site was away for too long: it is offered no longer, but to those that are prepared. */
  async lose(db: Queryable, run: string): Promise<void> {
    await db.query(loseOffered, [run]);
  }

  /** What is offered on each of these connections that is the current one of its site: first what was decided, then what is to run next. */
  async offersOf(db: Queryable, connections: readonly string[]): Promise<Map<string, LineOfNode[]>> {
    const found = new Map<string, LineOfNode[]>();
    for (const { connection, run, state } of await db.query<OfferOfNode>(offersOfNodes, [connections])) {
      const lines = found.get(connection) ?? [];
      found.set(connection, lines);
      if (run !== null && state !== null) lines.push({ run, state });
    }
    return found;
  }

  async task(db: Queryable, connection: string, run: string): Promise<string | undefined> {
    const [row] = await db.query<{ task: string | null }>(offeredTask, [connection, run]);
    return row!.task ?? undefined;
  }

  /** Stores what a site answers on its connection; false: the run is not its, is over, or was answered otherwise. */
  async answer(db: Queryable, connection: string, { run, state, answer, fraction, stage }: SiteSays): Promise<boolean> {
    const values = [connection, run, state, answer ?? null, fraction ?? null, stage ?? null];
    const [row] = await db.query<{ stored: boolean }>(answerOffer, values);
    return row!.stored;
  }

  /** Stores that a site's part of a run is complete; false as in `answer`. */
  async prepare(db: Queryable, connection: string, { run, answer, vote }: Prepared): Promise<boolean> {
    const [row] = await db.query<{ stored: boolean }>(prepareOffer, [connection, run, answer, vote]);
    return row!.stored;
  }

  /** Notes that the votes of all for a run are right: it counts if the task ends with success now. Returns false where not all are prepared. */
  async vote(db: Queryable, run: string): Promise<boolean> {
    const [row] = await db.query<{ voted: boolean }>(voteRun, [run]);
    return row!.voted;
  }

  /** The votes of all for a run that counts, as a JSON list; undefined where the site need not hear of it any more. */
  async votes(db: Queryable, connection: string, run: string): Promise<string | undefined> {
    const [row] = await db.query<{ votes: string | null }>(votesOfRun, [connection, run]);
    return row!.votes ?? undefined;
  }

  /** A site has done what was decided of a run; false: nothing was, or it has said so before. */
  async settle(db: Queryable, connection: string, run: string): Promise<boolean> {
    const [row] = await db.query<{ stored: boolean }>(settleRun, [connection, run]);
    return row!.stored;
  }

  /** Which of these sites may meet the other one: both count, and take part in that run, which is under way. */
  async mayMeet(db: Queryable, sites: readonly Meeting[]): Promise<boolean[]> {
    const values = (['tenant', 'fingerprint', 'run', 'to'] as const).map((key) => sites.map((site) => site[key]));
    return (await db.query<{ may: boolean }>(mayMeet, values)).map(({ may }) => may);
  }
}

/** A site that wants to meet another one over the relay. */
interface Meeting {
  readonly tenant: string;
  readonly fingerprint: string;
  readonly run: string;
  /** The fingerprint of the other one. */
  readonly to: string;
}

/** A site's part of a run that is complete. */
interface Prepared {
  readonly run: string;
  readonly answer: string;
  readonly vote: string;
}

/** What a site says of its part of a run. */
interface SiteSays {
  readonly run: string;
  readonly state: string;
  readonly answer?: string;
  readonly fraction?: number;
  readonly stage?: string;
}
