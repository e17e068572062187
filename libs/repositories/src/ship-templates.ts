import { createHash } from 'node:crypto';
import { canonicalJson, type ConsentJson } from '#libs/consent';
import { openDatabase, type Tx } from './database.js';
import type { Statement } from './pool.js';
import { shippedTemplates, type ShippedTemplate } from '../../../migrations/templates/index.js';

/** Whose the templates of a release are. No tenant can be called so, and so none changes them. */
const OWNER = '@release';

const ALONE: Statement = {
  name: 'lock-shipped',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('templates of ${OWNER}', 0))`,
};
const FIND: Statement = {
  name: 'find-shipped',
  text: `SELECT t.title, t.description, t.tags, t.labels, t.latest_version, v.hash
           FROM templates t JOIN template_versions v ON v.template_id = t.template_id AND v.number = t.latest_version
          WHERE t.template_id = $1`,
};
const SAVE: Statement = {
  name: 'save-shipped',
  text: `INSERT INTO templates AS t (template_id, tenant_id, title, description, tags, shared_with, labels, latest_version)
         VALUES ($1, '${OWNER}', $2, $3, $4, '{*}', $5, $6)
         ON CONFLICT (template_id) DO UPDATE SET (title, description, tags, labels, latest_version, revision, updated_at)
           = (excluded.title, excluded.description, excluded.tags, excluded.labels, excluded.latest_version, t.revision + 1, now())`,
};
const ADD: Statement = {
  name: 'add-shipped-version',
  text: `INSERT INTO template_versions (template_id, tenant_id, number, chain, hash, note)
         VALUES ($1, '${OWNER}', $2, $3, $4, $5)`,
};

interface Words {
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, number>>;
}
interface Stored extends Words {
  readonly latest_version: number;
  readonly hash: string;
}

/**
 * Stores the templates of this release for all tenants, as who migrates. One whose chain differs from what an earlier release
 * stored gets a new version. The labels `production` and `v<release>` point to what this release has. Done twice it does nothing.
 */
export async function shipTemplates(databaseUrl: string, release: string): Promise<void> {
  const db = await openDatabase(databaseUrl, { role: 'task_chain_engine', max: 1 });
  try {
    await db.transaction(async (tx) => {
      await tx.query(ALONE);
      const label = `v${release.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
      for (const template of shippedTemplates) await ship(tx, template, label);
    });
  } finally {
    await db.close();
  }
}

async function ship(tx: Tx, template: ShippedTemplate, label: string): Promise<void> {
  const { template_id: id, title, description, tags, chain } = template;
  const json = canonicalJson(chain as ConsentJson);
  const hash = `sha256:${createHash('sha256').update(json).digest('hex')}`;
  const [there] = await tx.query<Stored>(FIND, [id]);
  const isNew = there?.hash !== hash;
  const number = (there?.latest_version ?? 0) + (isNew ? 1 : 0);
  const words: Words = { title, description, tags, labels: { ...there?.labels, production: number, [label]: number } };
  if (!isNew && sameWords(words, there)) return;
  await tx.query(SAVE, [id, title, description, tags, JSON.stringify(words.labels), number]);
  if (isNew) await tx.query(ADD, [id, number, json, hash, `shipped with ${label}`]);
}

function sameWords(words: Words, { title, description, tags, labels }: Words): boolean {
  return canonicalJson({ ...words }) === canonicalJson({ title, description, tags, labels });
}
