import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { MINE, type Queryable } from './database.js';
import { Opening } from './entities/opening.entity.js';
import { PartyStatement } from './entities/party-statement.entity.js';
import { Party } from './entities/party.entity.js';
import { rowsOf } from './rows.js';
import { putStatement } from './statements/party-statements.js';

export type PartyView = Omit<Party, 'tenant_id'>;
export type OpeningView = Omit<Opening, 'tenant_id'>;
export type PartyStatementView = Omit<PartyStatement, 'tenant_id' | 'task'>;

/** A statement that was stored, and whether none of its subject was there. */
export type StoredStatement = PartyStatementView & { readonly is_new: boolean };

/** Of one task: one for each attempt, party and dataset. */
const MOST_OPENINGS = 200;

const VIEW = ['party', 'name', 'contact', 'created_at', 'created_by'];

/** The newest statements of these subjects. */
export function statementsOfSubjects(
  db: Queryable,
  subjects: readonly string[],
): Promise<Pick<PartyStatement, 'subject' | 'body'>[]> {
  return db.entities.find(PartyStatement, { select: { subject: true, body: true }, where: { subject: In(subjects) } });
}

/** Parties, and the newest of each statement that their owners signed. */
@Injectable()
export class PartyRepository {
  /** undefined: there is one of this name. */
  async insert(
    db: Queryable,
    party: Pick<Party, 'party' | 'name' | 'contact'>,
    by: string | null,
  ): Promise<PartyView | undefined> {
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(Party)
      .values({ ...party, created_by: by })
      .orIgnore()
      .returning(VIEW)
      .updateEntity(false)
      .execute();
    return rowsOf<PartyView>(inserted)[0];
  }

  /** The tenant's parties by name. */
  async list(db: Queryable): Promise<PartyView[]> {
    const parties = await db.entities.find(Party, { order: { party: 'ASC' } });
    return parties.map(({ tenant_id: _, ...view }) => view);
  }

  async find(db: Queryable, party: string): Promise<PartyView | undefined> {
    return (await this.list(db)).find((each) => each.party === party);
  }

  /** The newest statements of a party, of one kind or of all, by subject. */
  async statements(db: Queryable, party: string, kind?: string): Promise<PartyStatementView[]> {
    const where = { party, ...(kind !== undefined && { kind }) };
    const found = await db.entities.find(PartyStatement, { where, order: { subject: 'ASC' } });
    return found.map(({ tenant_id: _, task: _task, ...view }) => view);
  }

  /** The newest statements of a kind, of all parties of the tenant. */
  async statementsOfKind(db: Queryable, kind: string): Promise<PartyStatementView[]> {
    const found = await db.entities.find(PartyStatement, { where: { kind }, order: { subject: 'ASC' } });
    return found.map(({ tenant_id: _, task: _task, ...view }) => view);
  }

  /** What tasks opened about a dataset, newest first. */
  openings(db: Queryable, party: string, dataset: string, before: number, limit: number): Promise<OpeningView[]> {
    return db.entities
      .createQueryBuilder(Opening, 'opening')
      .where(`opening.tenant_id = ${MINE} AND opening.seq < :before`, { before })
      .andWhere('opening.party = :party AND opening.dataset = :dataset', { party, dataset })
      .orderBy('opening.seq', 'DESC')
      .limit(limit)
      .getMany();
  }

  /** What a task opened, of all parties or of one, oldest first. */
  openingsOfTask(
    db: Queryable,
    task: Pick<Opening, 'chain_id' | 'task_id'> & { readonly party: string | null },
  ): Promise<OpeningView[]> {
    const { party, ...where } = task;
    return db.entities
      .createQueryBuilder(Opening, 'opening')
      .where(`opening.tenant_id = ${MINE} AND opening.chain_id = :chain_id AND opening.task_id = :task_id`, where)
      .andWhere(party === null ? 'true' : 'opening.party = :party', { party })
      .orderBy('opening.seq')
      .limit(MOST_OPENINGS)
      .getMany();
  }

  /** The newest approvals of these tasks, by their hashes. */
  async approvals(db: Queryable, tasks: readonly string[]): Promise<PartyStatementView[]> {
    if (tasks.length === 0) return [];
    return db.entities.find(PartyStatement, { where: { kind: 'approval', task: In(tasks) } });
  }

  /** Stores a statement in place of an older one of its subject. undefined: the stored one is as new, or newer. */
  async put(
    db: Queryable,
    statement: Omit<PartyStatement, 'tenant_id' | 'created_at'>,
  ): Promise<StoredStatement | undefined> {
    const { subject, kind, party, serial, body, signed, task, created_by } = statement;
    const values = [subject, kind, party, serial, JSON.stringify(body), signed, task, created_by];
    return (await db.query<StoredStatement>(putStatement, values))[0];
  }
}
