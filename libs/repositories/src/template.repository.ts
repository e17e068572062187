import { Injectable } from '@nestjs/common';
import { IsNull, type QueryDeepPartialEntity } from 'typeorm';
import { MINE, type Queryable, type Tx } from './database.js';
import { TemplateVersion } from './entities/template-version.entity.js';
import { Template } from './entities/template.entity.js';
import type { Statement } from './pool.js';
import { rowsOf } from './rows.js';
import { searchWords } from './search-words.js';

export type TemplateView = Omit<Template, 'deleted_at' | 'grams'>;
export type TemplateVersionView = Omit<TemplateVersion, 'tenant_id' | 'chain'>;
export type WholeTemplateVersion = Omit<TemplateVersion, 'tenant_id'>;

/** What a change may set. */
export type TemplateChange = Partial<
  Pick<Template, 'title' | 'description' | 'tags' | 'shared_with' | 'labels' | 'latest_version'>
>;
export type NewTemplate = Pick<
  Template,
  'template_id' | 'title' | 'description' | 'tags' | 'shared_with' | 'created_by'
>;
export type NewTemplateVersion = Pick<
  TemplateVersion,
  'template_id' | 'number' | 'chain' | 'hash' | 'note' | 'created_by'
>;

export interface TemplateFilter {
  /** Words, each a part of title, description or a tag. */
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
}

/** A chain and its template. Both are null where it was made of none. */
export interface MadeChain {
  readonly template_id: string | null;
  readonly template_version: number | null;
  /** As `POST /chains` would have taken it without parameters. */
  readonly chain_config: Readonly<Record<string, unknown>>;
}

/** Chains of a template. */
export interface TemplateUse {
  readonly template_id: string;
  readonly chains: number;
  readonly ended: number;
  readonly succeeded: number;
}

const ALONE: Statement = {
  name: 'lock-templates',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('templates of ' || ${MINE}, 0))`,
};
const COUNT: Statement = {
  name: 'count-templates',
  text: `SELECT count(*)::int AS count FROM templates WHERE tenant_id = ${MINE}`,
};
const USES: Statement = {
  name: 'template-uses',
  text: `SELECT template_id, count(*)::int AS chains,
                count(*) FILTER (WHERE status IN ('SUCCESS', 'FAILURE', 'CANCELLED'))::int AS ended,
                count(*) FILTER (WHERE status = 'SUCCESS')::int AS succeeded
           FROM task_chains WHERE tenant_id = ${MINE} AND template_id = ANY ($1) GROUP BY template_id`,
};
const MADE: Statement = {
  name: 'made-chain',
  text: 'SELECT template_id, template_version, chain_config FROM task_chains WHERE chain_id = $1',
};
const VIEW = [
  ...['template_id', 'tenant_id', 'title', 'description', 'tags', 'shared_with', 'labels', 'latest_version'],
  ...['revision', 'created_at', 'created_by', 'updated_at'],
];
const VERSION = ['template_id', 'number', 'hash', 'note', 'created_at', 'created_by'];

/** Templates of chains, the tenant's own and those that others share with it. Row-level security says which these are. */
@Injectable()
export class TemplateRepository {
  /** No other transaction adds a template of the tenant until this one ends. */
  async lock(tx: Tx): Promise<void> {
    await tx.query(ALONE);
  }

  /** How many the tenant has, deleted ones too. */
  async count(db: Queryable): Promise<number> {
    return (await db.query<{ count: number }>(COUNT))[0]!.count;
  }

  /** What became of the tenant's chains of these templates, as far as they are still there. */
  uses(db: Queryable, ids: readonly string[]): Promise<TemplateUse[]> {
    return db.query<TemplateUse>(USES, [ids]);
  }

  async insert(db: Queryable, template: NewTemplate): Promise<TemplateView> {
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(Template)
      .values(template)
      .returning(VIEW)
      .updateEntity(false)
      .execute();
    return rowsOf<TemplateView>(inserted)[0]!;
  }

  async insertVersion(db: Queryable, version: NewTemplateVersion): Promise<TemplateVersionView> {
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(TemplateVersion)
      .values(version as QueryDeepPartialEntity<TemplateVersion>)
      .returning(VERSION)
      .updateEntity(false)
      .execute();
    return rowsOf<TemplateVersionView>(inserted)[0]!;
  }

  /** Those that changed last first. */
  page(db: Queryable, { q, tag }: TemplateFilter, limit: number, offset: number): Promise<TemplateView[]> {
    const query = db.entities
      .createQueryBuilder(Template, 't')
      .where('t.deleted_at IS NULL')
      .orderBy('t.updated_at', 'DESC')
      .addOrderBy('t.template_id')
      .limit(limit)
      .offset(offset);
    if (tag !== undefined) query.andWhere(':tag = ANY (t.tags)', { tag });
    const words = searchWords(q);
    if (words.length > 0) query.andWhere('t.template_id IN (SELECT * FROM find_templates(:words))', { words });
    return query.getMany();
  }

  async find(db: Queryable, id: string): Promise<TemplateView | undefined> {
    return (await db.entities.findOneBy(Template, { template_id: id, deleted_at: IsNull() })) ?? undefined;
  }

  /** The versions that the tenant may read, newest first. */
  versions(db: Queryable, id: string): Promise<TemplateVersionView[]> {
    return db.entities.find(TemplateVersion, { where: { template_id: id }, order: { number: 'DESC' } });
  }

  async version(db: Queryable, id: string, number: number): Promise<WholeTemplateVersion | undefined> {
    const select = { template_id: true, number: true, chain: true, hash: true, note: true, created_at: true } as const;
    const where = { template_id: id, number };
    return (
      (await db.entities.findOne(TemplateVersion, { select: { ...select, created_by: true }, where })) ?? undefined
    );
  }

  /** A chain as its body was, and what it was made of. */
  async made(db: Queryable, chainId: string): Promise<MadeChain | undefined> {
    return (await db.query<MadeChain>(MADE, [chainId]))[0];
  }

  /** Changes a template of the tenant's own if it is still in this revision; undefined: it is not. */
  async change(db: Queryable, id: string, revision: number, change: TemplateChange): Promise<TemplateView | undefined> {
    const changed = await db.entities
      .createQueryBuilder()
      .update(Template)
      .set({ ...change, revision: revision + 1, updated_at: () => 'now()' })
      .where(`template_id = :id AND revision = :revision AND tenant_id = ${MINE} AND deleted_at IS NULL`, {
        id,
        revision,
      })
      .returning(VIEW)
      .execute();
    return rowsOf<TemplateView>(changed)[0];
  }

  /** Deletes it if it is still in this revision, and keeps it for a day. */
  async remove(db: Queryable, id: string, revision: number): Promise<TemplateView | undefined> {
    const removed = await db.entities
      .createQueryBuilder()
      .update(Template)
      .set({ deleted_at: () => 'now()', revision: revision + 1 })
      .where(`template_id = :id AND revision = :revision AND tenant_id = ${MINE} AND deleted_at IS NULL`, {
        id,
        revision,
      })
      .returning(VIEW)
      .execute();
    return rowsOf<TemplateView>(removed)[0];
  }

  /** undefined: none was deleted within a day. */
  async restore(db: Queryable, id: string): Promise<TemplateView | undefined> {
    const restored = await db.entities
      .createQueryBuilder()
      .update(Template)
      .set({ deleted_at: null, revision: () => 'revision + 1' })
      .where(`template_id = :id AND tenant_id = ${MINE} AND deleted_at > now() - interval '1 day'`, { id })
      .returning(VIEW)
      .execute();
    return rowsOf<TemplateView>(restored)[0];
  }
}
