import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

/** Invitations to parties and dealers to join with a site of their own, and the sites that did. */
export class Nodes1764028800034 implements MigrationInterface {
  name = 'Nodes1764028800034';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE node_invitations (
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        party varchar(64) NOT NULL, -- the newest invitation replaces the one before
        token_hash bytea NOT NULL,
        dealer boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        PRIMARY KEY (tenant_id, party),
        FOREIGN KEY (tenant_id, party) REFERENCES parties
      )`);
    await runner.query(`
      CREATE TABLE nodes (
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        fingerprint varchar(71) NOT NULL CHECK (fingerprint ~ '^sha256:[0-9a-f]{64}$'), -- of its public key
        party varchar(64) NOT NULL,
        dealer boolean NOT NULL,
        certificate text NOT NULL,
        joined_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        PRIMARY KEY (tenant_id, fingerprint),
        FOREIGN KEY (tenant_id, party) REFERENCES parties
      )`);
    await runner.query(`CREATE UNIQUE INDEX idx_nodes_party ON nodes (tenant_id, party) WHERE revoked_at IS NULL`);
    for (const table of ['node_invitations', 'nodes']) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      await runner.query(`CREATE POLICY of_tenant ON ${table} TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
      await runner.query(`CREATE POLICY of_engine ON ${table} TO task_chain_engine USING (true) WITH CHECK (true)`);
      await runner.query(`GRANT SELECT, INSERT, UPDATE ON ${table} TO task_chain_api, task_chain_engine`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE nodes, node_invitations`);
  }
}
