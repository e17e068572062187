import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWN = `tenant_id = current_setting('task_chain.tenant', true)`;

/** What parties opened about their datasets, as their processes said: copies, which outlive the chains. */
export class Openings1764028800017 implements MigrationInterface {
  name = 'Openings1764028800017';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE openings (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id varchar(64) NOT NULL,
        id varchar(64) NOT NULL, -- of the entry in the party's ledger
        party varchar(64) NOT NULL,
        dataset varchar(64) NOT NULL,
        opened_at timestamptz NOT NULL,
        chain_id varchar(64) NOT NULL,
        task_id varchar(64) NOT NULL,
        task_type varchar(50) NOT NULL,
        entry jsonb NOT NULL, -- to, versions, figures, bits, members
        UNIQUE (tenant_id, party, dataset, id)
      )`);
    await runner.query(`CREATE INDEX idx_openings_dataset ON openings (tenant_id, party, dataset, seq)`);
    await runner.query(`ALTER TABLE openings ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE openings FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_tenant ON openings TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
    await runner.query(`CREATE POLICY of_engine ON openings TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT ON openings TO task_chain_api`);
    await runner.query(`GRANT SELECT, INSERT, DELETE ON openings TO task_chain_engine`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE openings`);
  }
}
