import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which engine runs a tenant's tasks that name none, and which may run them at all; null: as the deployment has it. */
export class TenantEngines1764028800036 implements MigrationInterface {
  name = 'TenantEngines1764028800036';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE tenants ADD default_engine varchar(64), ADD allowed_engines text[] CHECK (cardinality(allowed_engines) > 0)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tenants DROP default_engine, DROP allowed_engines`);
  }
}
