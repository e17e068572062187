import type { MigrationInterface, QueryRunner } from 'typeorm';

const TENANT = `(SELECT current_setting('task_chain.tenant', true))`;
const OWN = `coalesce(tenant_id = ${TENANT}, false)`;

/**
 * Templates of chains and their versions. A template that is shared is read by other tenants; of its versions they read
 * those that a label points to: a label is how an author publishes one.
 */
export class Templates1764028800023 implements MigrationInterface {
  name = 'Templates1764028800023';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE templates (
        template_id varchar(64) PRIMARY KEY,
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        title varchar(255) NOT NULL,
        description text NOT NULL,
        tags text[] NOT NULL,
        shared_with text[] NOT NULL, -- tenants; * for all
        labels jsonb NOT NULL DEFAULT '{}', -- numbers of versions by label
        latest_version int NOT NULL DEFAULT 1,
        revision int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        updated_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz
      )`);
    await runner.query(`CREATE INDEX idx_templates_tenant ON templates (tenant_id, updated_at)`);
    await runner.query(`
      CREATE TABLE template_versions (
        template_id varchar(64) NOT NULL REFERENCES templates ON DELETE CASCADE,
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        number int NOT NULL CHECK (number BETWEEN 1 AND 1000),
        chain jsonb NOT NULL,
        hash varchar(80) NOT NULL,
        note varchar(2000),
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        PRIMARY KEY (template_id, number)
      )`);
    for (const table of ['templates', 'template_versions']) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      await runner.query(`CREATE POLICY of_tenant ON ${table} TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
      await runner.query(`CREATE POLICY of_engine ON ${table} TO task_chain_engine USING (true) WITH CHECK (true)`);
      await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO task_chain_engine`);
    }
    await runner.query(`GRANT SELECT, INSERT, UPDATE ON templates TO task_chain_api`);
    // A version never changes.
    await runner.query(`GRANT SELECT, INSERT ON template_versions TO task_chain_api`);
    await runner.query(`
      CREATE POLICY shared ON templates FOR SELECT TO task_chain_api
       USING (deleted_at IS NULL AND shared_with && ARRAY['*', ${TENANT}])`);
    await runner.query(`
      CREATE POLICY shared ON template_versions FOR SELECT TO task_chain_api
       USING (EXISTS (SELECT FROM templates t CROSS JOIN jsonb_each_text(t.labels) AS label
                       WHERE t.template_id = template_versions.template_id AND t.deleted_at IS NULL
                         AND label.value = template_versions.number::text))`);
    await runner.query(`ALTER TABLE task_chains ADD template_id varchar(64), ADD template_version int`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains DROP template_id, DROP template_version`);
    await runner.query(`DROP TABLE template_versions, templates`);
  }
}
