import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

/**
 * Labels of chains: as a column to be read, and as rows to be found by. An index on the column would not be used: behind a
 * row-level policy PostgreSQL takes leakproof operators alone to an index, which = is and @> is not.
 */
export class Labels1764028800020 implements MigrationInterface {
  name = 'Labels1764028800020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains ADD labels jsonb NOT NULL DEFAULT '{}'`);
    await runner.query(`
      CREATE TABLE chain_labels (
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        chain_id varchar(64) NOT NULL REFERENCES task_chains (chain_id) ON DELETE CASCADE,
        key varchar(64) NOT NULL,
        value varchar(255) NOT NULL,
        PRIMARY KEY (chain_id, key)
      )`);
    await runner.query(`CREATE INDEX idx_chain_labels_value ON chain_labels (tenant_id, key, value, chain_id)`);
    await runner.query(`ALTER TABLE chain_labels ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE chain_labels FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_tenant ON chain_labels TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
    await runner.query(`CREATE POLICY of_engine ON chain_labels TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON chain_labels TO task_chain_api, task_chain_engine`);
    await runner.query(`CREATE INDEX idx_task_chains_name ON task_chains (tenant_id, chain_name, id)`);
    await runner.query(
      `CREATE INDEX idx_task_chains_ended ON task_chains (tenant_id, coalesce(completed_at, '-infinity'), id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_task_chains_ended, idx_task_chains_name`);
    await runner.query(`DROP TABLE chain_labels`);
    await runner.query(`ALTER TABLE task_chains DROP labels`);
  }
}
