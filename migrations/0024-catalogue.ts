import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const TENANT = `(SELECT current_setting('task_chain.tenant', true))`;

/**
 * Search of templates, and chains by their template. Words are found by their pairs of characters, since Chinese has no blanks
 * between words. The function looks in the index, which a query behind row-level security would not: it asks for
 * the rows that the policies show, and they judge its answer again.
 */
export class Catalogue1764028800024 implements MigrationInterface {
  name = 'Catalogue1764028800024';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION template_words(title text, description text, tags text[]) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT lower(concat_ws(E'\\n', title, description, array_to_string(tags, E'\\n'))) $$`);
    await runner.query(`
      CREATE FUNCTION bigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT coalesce(array_agg(DISTINCT gram), '{}')
          FROM (SELECT c, c || lead(c) OVER (ORDER BY n) AS pair
                  FROM string_to_table(words, NULL) WITH ORDINALITY AS chars(c, n)) AS pairs
          CROSS JOIN LATERAL (VALUES (c), (pair)) AS grams(gram) WHERE gram IS NOT NULL $$`);
    await runner.query(`
      ALTER TABLE templates ADD grams text[] NOT NULL
        GENERATED ALWAYS AS (bigrams(template_words(title, description, tags))) STORED`);
    await runner.query(`CREATE INDEX idx_templates_grams ON templates USING gin (grams) WITH (fastupdate = off)`);
    await runner.query(`
      CREATE FUNCTION find_templates(wanted text[]) RETURNS TABLE (template_id varchar)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT t.template_id FROM templates t
         WHERE t.grams @> (SELECT coalesce(array_agg(gram), '{}')
                             FROM unnest(wanted) AS word CROSS JOIN LATERAL unnest(bigrams(lower(word))) AS gram)
           AND (SELECT bool_and(strpos(template_words(t.title, t.description, t.tags), lower(word)) > 0)
                  FROM unnest(wanted) AS word)
           AND t.deleted_at IS NULL AND (t.tenant_id = ${TENANT} OR t.shared_with && ARRAY['*', ${TENANT}]) $$`);
    await ownFunction(runner, 'find_templates(text[])', 'task_chain_api');
    await runner.query(`
      CREATE INDEX idx_task_chains_template ON task_chains (tenant_id, template_id, status) WHERE template_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_task_chains_template`);
    await runner.query(`DROP FUNCTION find_templates`);
    await runner.query(`ALTER TABLE templates DROP grams`);
    await runner.query(`DROP FUNCTION bigrams, template_words`);
  }
}
