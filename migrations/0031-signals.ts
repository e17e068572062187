import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

/**
 * Signals from outside, and what a control task waits for that waits for somebody's word. A signal is stored first and given to its
 * task by a listener, so that it may come before the task waits.
 */
export class Signals1764028800031 implements MigrationInterface {
  name = 'Signals1764028800031';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE chain_tasks ADD awaits jsonb`);
    await runner.query(`
      CREATE INDEX idx_chain_tasks_signal ON chain_tasks (tenant_id, (awaits ->> 'name'), (awaits ->> 'key')) WHERE hold = 'SIGNAL'`);
    await runner.query(`CREATE INDEX idx_chain_tasks_sign_off ON chain_tasks (tenant_id, id) WHERE hold = 'SIGN_OFF'`);
    await runner.query(`
      CREATE TABLE signals (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        signal_id varchar(64) NOT NULL UNIQUE,
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        name varchar(64) NOT NULL,
        key varchar(255) NOT NULL,
        payload jsonb NOT NULL,
        status varchar(16) NOT NULL DEFAULT 'STORED', -- STORED, DELIVERED, REJECTED
        reason text, -- why it was rejected
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        expires_at timestamptz NOT NULL, -- counted time
        settled_at timestamptz,
        chain_id varchar(64), -- the task that got it
        task_id varchar(64)
      )`);
    await runner.query(
      `CREATE INDEX idx_signals_stored ON signals (tenant_id, name, key, seq) WHERE status = 'STORED'`,
    );
    await runner.query(`CREATE INDEX idx_signals_tenant ON signals (tenant_id, seq)`);
    await runner.query(`CREATE INDEX idx_signals_created ON signals (created_at)`);
    await runner.query(`ALTER TABLE signals ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE signals FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_tenant ON signals TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
    await runner.query(`CREATE POLICY of_engine ON signals TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT ON signals TO task_chain_api`);
    await runner.query(`GRANT SELECT, UPDATE, DELETE ON signals TO task_chain_engine`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE signals`);
    await runner.query(`DROP INDEX idx_chain_tasks_signal, idx_chain_tasks_sign_off`);
    await runner.query(`ALTER TABLE chain_tasks DROP awaits`);
  }
}
