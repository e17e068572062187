import type { MigrationInterface, QueryRunner } from 'typeorm';

const OPEN = `parent_chain_id IS NOT NULL AND status IN ('PENDING','RUNNING','PAUSED')`;

/**
 * Chains that a task of another chain runs. A child keeps the attempt of that task for which it runs, the priority that it took
 * over, the values it got, how much time the parent had left, and whether its parent paused it; `child` of a request is the chain as it was read. Either may be removed
 * before the other.
 */
export class Children1764028800030 implements MigrationInterface {
  name = 'Children1764028800030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_requests ADD child jsonb`);
    await runner.query(`
      ALTER TABLE task_chains ADD parent_chain_id varchar(64), ADD parent_task_id varchar(64), ADD parent_position int,
        ADD parent_attempt int, ADD parent_turn int, ADD parent_priority int, ADD parent_args jsonb,
        ADD parent_left_ms float8,         ADD parent_paused boolean NOT NULL DEFAULT false`);
    await runner.query(`
      CREATE UNIQUE INDEX idx_task_chains_parent ON task_chains (parent_chain_id, parent_position, parent_attempt)
       WHERE parent_chain_id IS NOT NULL`);
    await runner.query(`CREATE INDEX idx_task_chains_open_children ON task_chains (id) WHERE ${OPEN}`);
    await runner.query(`CREATE INDEX idx_chain_tasks_child ON chain_tasks (id) WHERE hold = 'CHILD'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_chain_tasks_child`);
    await runner.query(`
      ALTER TABLE task_chains DROP parent_chain_id, DROP parent_task_id, DROP parent_position, DROP parent_attempt,
        DROP parent_turn, DROP parent_priority, DROP parent_args, DROP parent_left_ms, DROP parent_paused`);
    await runner.query(`ALTER TABLE task_requests DROP child`);
  }
}
