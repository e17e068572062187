import type { QueryRunner } from 'typeorm';

/**
 * Makes a role without a login and gives it to the user who migrates. Roles belong to the whole server, so another database may
 * have made it, or be making it now. Fails, saying what to run, where the user may not create roles. As migrations are, this
 * is never edited once landed.
 */
export async function makeRole(runner: QueryRunner, role: string): Promise<void> {
  await runner.query(`
    DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
        BEGIN
          CREATE ROLE ${role} NOLOGIN;
        EXCEPTION
          WHEN duplicate_object OR unique_violation THEN NULL;
          WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'this user may not create roles: let an administrator run "CREATE ROLE ${role} NOLOGIN; GRANT ${role} TO %"', quote_ident(current_user);
        END;
      END IF;
      IF NOT pg_has_role(current_user, '${role}', 'MEMBER') THEN
        EXECUTE format('GRANT ${role} TO %I', current_user);
      END IF;
    END $$`);
  await runner.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
}
