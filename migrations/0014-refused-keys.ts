import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Says why a key that is known opens nothing: the API must find it before it knows the tenant. */
export class RefusedKeys1764028800014 implements MigrationInterface {
  name = 'RefusedKeys1764028800014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION refused_api_key(hash bytea) RETURNS TABLE (key_id varchar, tenant_id varchar, reason text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT k.key_id, k.tenant_id,
               CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked key' WHEN k.expires_at <= now() THEN 'expired key'
                    ELSE 'key of a closed tenant' END
          FROM api_keys k WHERE k.key_hash = hash $$`);
    const [{ may_create: mayCreate }] = (await runner.query(
      `SELECT has_schema_privilege('task_chain_engine', 'public', 'CREATE') AS may_create`,
    )) as [{ may_create: boolean }];
    if (!mayCreate) await runner.query(`GRANT CREATE ON SCHEMA public TO task_chain_engine`);
    await runner.query(`ALTER FUNCTION refused_api_key(bytea) OWNER TO task_chain_engine`);
    await runner.query(`REVOKE ALL ON FUNCTION refused_api_key(bytea) FROM PUBLIC`);
    await runner.query(`GRANT EXECUTE ON FUNCTION refused_api_key(bytea) TO task_chain_api`);
    if (!mayCreate) await runner.query(`REVOKE CREATE ON SCHEMA public FROM task_chain_engine`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION refused_api_key`);
  }
}
