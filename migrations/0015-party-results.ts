import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a task opened to single parties, sealed to their readers. */
export class PartyResults1764028800015 implements MigrationInterface {
  name = 'PartyResults1764028800015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE chain_tasks ADD party_results jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE chain_tasks DROP party_results`);
  }
}
