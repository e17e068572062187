import type { QueryRunner } from 'typeorm';

/** Makes the engine's role the owner of a SECURITY DEFINER function, which only `role` may call. */
export async function ownFunction(runner: QueryRunner, signature: string, role: string): Promise<void> {
  const [{ may_create: mayCreate }] = (await runner.query(
    `SELECT has_schema_privilege('task_chain_engine', 'public', 'CREATE') AS may_create`,
  )) as [{ may_create: boolean }];
  if (!mayCreate) await runner.query(`GRANT CREATE ON SCHEMA public TO task_chain_engine`);
  await runner.query(`ALTER FUNCTION ${signature} OWNER TO task_chain_engine`);
  await runner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
  await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`);
  if (!mayCreate) await runner.query(`REVOKE CREATE ON SCHEMA public FROM task_chain_engine`);
}
