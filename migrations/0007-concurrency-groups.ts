import type { MigrationInterface, QueryRunner } from 'typeorm';

const READY = `status = 'READY' AND hold IS NULL`;

/**
 * Concurrency groups: of tasks or chains with the same key, at most so many go at once. Who has a place is read from what goes
 * (tasks in flight, chains that were let in and have not ended), so a place is never left taken by who died.
 */
export class ConcurrencyGroups1764028800007 implements MigrationInterface {
  name = 'ConcurrencyGroups1764028800007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE task_chains
        ADD COLUMN concurrency_key varchar(128),
        ADD COLUMN concurrency_limit integer CHECK (concurrency_limit > 0),
        ADD COLUMN concurrency_held boolean NOT NULL DEFAULT false`);
    await runner.query(`
      ALTER TABLE chain_tasks
        ADD COLUMN concurrency_key varchar(128),
        ADD COLUMN concurrency_limit integer CHECK (concurrency_limit > 0),
        ADD COLUMN concurrency_of varchar(8) CHECK (concurrency_of IN ('TASK','CHAIN'))`);
    await runner.query(`DROP INDEX idx_chain_tasks_ready`);
    await runner.query(`
      CREATE INDEX idx_chain_tasks_ready ON chain_tasks (task_type, tenant_id, priority DESC, id)
        WHERE ${READY} AND concurrency_key IS NULL`);
    await runner.query(`
      CREATE INDEX idx_chain_tasks_grouped ON chain_tasks (tenant_id, concurrency_key, priority DESC, id)
        WHERE ${READY} AND concurrency_key IS NOT NULL`);
    await runner.query(`
      CREATE INDEX idx_chain_tasks_grouped_chain ON chain_tasks (chain_id) WHERE ${READY} AND concurrency_key IS NOT NULL`);
    await runner.query(`
      CREATE INDEX idx_chain_tasks_group_places ON chain_tasks (tenant_id, concurrency_key)
        WHERE status IN ('QUEUED','RUNNING') AND concurrency_key IS NOT NULL`);
    await runner.query(
      `CREATE INDEX idx_task_chains_group_places ON task_chains (tenant_id, concurrency_key) WHERE concurrency_held`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_chain_tasks_ready`);
    for (const table of ['chain_tasks', 'task_chains']) {
      await runner.query(
        `ALTER TABLE ${table} DROP COLUMN concurrency_key, DROP COLUMN concurrency_limit,
           DROP COLUMN ${table === 'chain_tasks' ? 'concurrency_of' : 'concurrency_held'}`,
      );
    }
    await runner.query(
      `CREATE INDEX idx_chain_tasks_ready ON chain_tasks (task_type, tenant_id, priority DESC, id) WHERE ${READY}`,
    );
  }
}
