import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables with rows of each chain or request, by the column of an index that finds them. */
const FOUND_BY = {
  artifacts: 'chain_id',
  chain_dependencies: 'chain_id',
  chain_events: 'chain_id',
  chain_labels: 'chain_id',
  chain_tasks: 'chain_id',
  node_offers: 'chain_id',
  task_attempts: 'task_request_id',
  task_logs: 'task_request_id',
};

/**
 * About twenty rows each, whatever ANALYZE finds: where it looked while there was one chain, it took that chain for all there will be,
 * and connections kept plans that read whole tables until it looked again.
 */
export class RowsOfAChain1764028800045 implements MigrationInterface {
  name = 'RowsOfAChain1764028800045';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column] of Object.entries(FOUND_BY))
      await runner.query(`ALTER TABLE ${table} ALTER ${column} SET (n_distinct = -0.05)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, column] of Object.entries(FOUND_BY))
      await runner.query(`ALTER TABLE ${table} ALTER ${column} RESET (n_distinct)`);
  }
}
