import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Chains, tasks, edges, requests and what the engine keeps beside them. */
export class Chains1764028800001 implements MigrationInterface {
  name = 'Chains1764028800001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE task_chains (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chain_id varchar(64) NOT NULL UNIQUE,
        chain_name varchar(255) NOT NULL,
        chain_type varchar(50) NOT NULL CHECK (chain_type IN ('sequential','parallel','chord','complex')),
        description text,
        chain_config jsonb NOT NULL,
        status varchar(50) NOT NULL DEFAULT 'PENDING'
          CHECK (status IN ('PENDING','RUNNING','PAUSED','SUCCESS','FAILURE','CANCELLED')),
        execution_id varchar(255),
        total_tasks integer NOT NULL,
        completed_tasks integer NOT NULL DEFAULT 0,
        failed_tasks integer NOT NULL DEFAULT 0,
        skipped_tasks integer NOT NULL DEFAULT 0,
        cancelled_tasks integer NOT NULL DEFAULT 0,
        tolerated_tasks integer NOT NULL DEFAULT 0,
        admitted_tasks integer NOT NULL DEFAULT 0 CHECK (admitted_tasks >= 0),
        max_parallel integer CHECK (max_parallel > 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        completed_at timestamptz,
        updated_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(64),
        metadata jsonb NOT NULL DEFAULT '{}',
        version bigint NOT NULL DEFAULT 1,
        epoch integer NOT NULL DEFAULT 1,
        stop_on_error boolean NOT NULL DEFAULT true,
        timeout_seconds integer NOT NULL,
        deadline_at timestamptz,
        time_left_ms bigint,
        error jsonb,
        CHECK (completed_tasks + failed_tasks + skipped_tasks + cancelled_tasks <= total_tasks)
      ) WITH (fillfactor = 80)`);
    await runner.query(`CREATE INDEX idx_task_chains_created_at ON task_chains (created_at DESC, id DESC)`);
    await runner.query(`CREATE INDEX idx_task_chains_status ON task_chains (status, created_at DESC, id DESC)`);
    await runner.query(
      `CREATE INDEX idx_task_chains_created_by ON task_chains (created_by) WHERE created_by IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX idx_task_chains_completed ON task_chains (completed_at) WHERE completed_at IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX idx_task_chains_deadline ON task_chains (deadline_at) WHERE deadline_at IS NOT NULL`,
    );

    await runner.query(`
      CREATE TABLE task_requests (
        task_request_id varchar(64) PRIMARY KEY,
        task_type varchar(50) NOT NULL,
        task_name varchar(255) NOT NULL,
        params jsonb NOT NULL,
        metadata jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now()
      )`);

    await runner.query(`
      CREATE TABLE chain_tasks (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chain_id varchar(64) NOT NULL REFERENCES task_chains (chain_id) ON DELETE CASCADE,
        task_id varchar(64) NOT NULL,
        task_request_id varchar(64) NOT NULL UNIQUE REFERENCES task_requests (task_request_id) ON DELETE CASCADE,
        task_name varchar(255) NOT NULL,
        task_type varchar(50) NOT NULL,
        execution_mode varchar(50) NOT NULL,
        depends_on jsonb NOT NULL,
        is_callback boolean NOT NULL DEFAULT false,
        job_id varchar(255),
        status varchar(50) NOT NULL DEFAULT 'PENDING' CHECK (status IN
          ('PENDING','READY','QUEUED','RUNNING','RETRYING','SUCCESS','FAILURE','SKIPPED','CANCELLED')),
        execution_order integer NOT NULL,
        priority integer NOT NULL DEFAULT 5,
        created_at timestamptz NOT NULL DEFAULT now(),
        queued_at timestamptz,
        started_at timestamptz,
        completed_at timestamptz,
        updated_at timestamptz NOT NULL DEFAULT now(),
        result jsonb,
        error jsonb,
        level integer NOT NULL,
        attempt integer NOT NULL DEFAULT 0,
        run_id varchar(64),
        worker_id varchar(128),
        failures integer NOT NULL DEFAULT 0,
        losses integer NOT NULL DEFAULT 0,
        pending_dependencies integer NOT NULL CHECK (pending_dependencies >= 0),
        succeeded_dependencies integer NOT NULL DEFAULT 0,
        failed_dependencies integer NOT NULL DEFAULT 0,
        skipped_dependencies integer NOT NULL DEFAULT 0,
        trigger_rule jsonb NOT NULL DEFAULT '"all_success"',
        conditions text[] NOT NULL DEFAULT '{}',
        tolerable boolean NOT NULL DEFAULT false,
        retry_policy jsonb,
        timeout_seconds integer,
        queue_timeout_seconds integer,
        predecessors integer[] NOT NULL,
        successors integer[] NOT NULL,
        referenced integer[] NOT NULL,
        skip_reason varchar(32),
        hold varchar(32) CHECK (hold IN ('CHAIN_PAUSED','MAX_PARALLEL','RETRIES_EXHAUSTED')),
        ready_at timestamptz,
        first_queued_at timestamptz,
        next_attempt_at timestamptz,
        lease_until timestamptz,
        progress real NOT NULL DEFAULT 0,
        progress_stage varchar(128),
        changed_version bigint NOT NULL DEFAULT 1,
        UNIQUE (chain_id, task_id),
        UNIQUE (chain_id, execution_order),
        CHECK ((status IN ('QUEUED','RUNNING')) = (lease_until IS NOT NULL)),
        CHECK ((next_attempt_at IS NULL) OR (status = 'RETRYING')),
        CHECK ((hold IS NULL) OR (status IN ('READY','RETRYING'))),
        CHECK ((status = 'SKIPPED') = (skip_reason IS NOT NULL))
      ) WITH (fillfactor = 70)`);
    await runner.query(
      `CREATE INDEX idx_chain_tasks_ready ON chain_tasks (task_type, priority DESC, id) WHERE status = 'READY' AND hold IS NULL`,
    );
    await runner.query(
      `CREATE INDEX idx_chain_tasks_retrying ON chain_tasks (next_attempt_at) WHERE status = 'RETRYING'`,
    );
    await runner.query(
      `CREATE INDEX idx_chain_tasks_queue_timeout ON chain_tasks (ready_at)
        WHERE queue_timeout_seconds IS NOT NULL AND status IN ('READY','QUEUED')`,
    );
    await runner.query(
      `CREATE INDEX idx_chain_tasks_in_flight ON chain_tasks (chain_id) WHERE status IN ('QUEUED','RUNNING')`,
    );

    await runner.query(`
      CREATE TABLE chain_dependencies (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chain_id varchar(64) NOT NULL, -- no foreign key: of 3,600 edges it took as long as their rows
        from_task_id varchar(64) NOT NULL,
        to_task_id varchar(64) NOT NULL,
        dependency_type varchar(50) NOT NULL DEFAULT 'sequential'
          CHECK (dependency_type IN ('sequential','data','condition')),
        when_expression text,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (chain_id, from_task_id, to_task_id),
        CHECK (from_task_id <> to_task_id)
      )`);

    await runner.query(`
      CREATE TABLE task_attempts (
        task_request_id varchar(64) NOT NULL REFERENCES task_requests (task_request_id) ON DELETE CASCADE,
        attempt integer NOT NULL,
        run_id varchar(64),
        worker_id varchar(128),
        queued_at timestamptz,
        started_at timestamptz,
        finished_at timestamptz NOT NULL DEFAULT now(),
        outcome varchar(32) NOT NULL CHECK (outcome IN ('SUCCESS','FAILURE','LOST','CANCELLED')),
        error jsonb,
        PRIMARY KEY (task_request_id, attempt)
      )`);
    await runner.query(`
      CREATE TABLE chain_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chain_id varchar(64) NOT NULL REFERENCES task_chains (chain_id) ON DELETE CASCADE,
        task_id varchar(64),
        kind varchar(64) NOT NULL,
        disposition varchar(16) NOT NULL CHECK (disposition IN ('ACCEPTED','STALE','DUPLICATE','QUARANTINED','INVALID')),
        attempt integer,
        run_id varchar(64),
        chain_version bigint,
        occurred_at timestamptz,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        data jsonb NOT NULL DEFAULT '{}'
      )`);
    await runner.query(`CREATE INDEX idx_chain_events_chain ON chain_events (chain_id, id)`);
    await runner.query(`
      CREATE TABLE task_logs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        task_request_id varchar(64) NOT NULL REFERENCES task_requests (task_request_id) ON DELETE CASCADE,
        attempt integer NOT NULL,
        logged_at timestamptz NOT NULL,
        level varchar(8) NOT NULL CHECK (level IN ('debug','info','warn','error')),
        message text NOT NULL
      )`);
    await runner.query(`CREATE INDEX idx_task_logs_request ON task_logs (task_request_id, id)`);
    await runner.query(`
      CREATE TABLE artifacts (
        chain_id varchar(64) NOT NULL REFERENCES task_chains (chain_id) ON DELETE CASCADE,
        task_id varchar(64) NOT NULL,
        name varchar(255) NOT NULL,
        media_type varchar(128) NOT NULL,
        size_bytes bigint NOT NULL,
        sha256 char(64) NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (chain_id, task_id, name)
      )`);
    await runner.query(`
      CREATE TABLE idempotency_keys (
        scope varchar(64) NOT NULL,
        idempotency_key varchar(255) NOT NULL,
        request_hash bytea NOT NULL,
        response jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, idempotency_key)
      )`);
    await runner.query(`CREATE INDEX idx_idempotency_keys_created ON idempotency_keys (created_at)`);
    await runner.query(`
      CREATE TABLE workers (
        worker_id varchar(128) PRIMARY KEY,
        started_at timestamptz NOT NULL DEFAULT now(),
        last_seen timestamptz NOT NULL DEFAULT now(),
        slots jsonb NOT NULL,
        running integer NOT NULL DEFAULT 0
      )`);
    await runner.query(`
      CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind varchar(32) NOT NULL,
        payload jsonb NOT NULL,
        available_at timestamptz NOT NULL DEFAULT now(),
        tries integer NOT NULL DEFAULT 0
      )`);
    await runner.query(`CREATE INDEX idx_outbox_available ON outbox (available_at)`);
    await runner.query(`
      CREATE TABLE duties (
        name varchar(64) PRIMARY KEY,
        holder varchar(128) NOT NULL,
        held_until timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE webhooks (
        webhook_id varchar(64) PRIMARY KEY,
        url text NOT NULL,
        secret text NOT NULL,
        events text[] NOT NULL,
        enabled boolean NOT NULL DEFAULT true,
        disabled_reason text,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE webhook_deliveries (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        webhook_id varchar(64) NOT NULL REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
        message_id varchar(64) NOT NULL,
        event_type varchar(64) NOT NULL,
        payload jsonb NOT NULL,
        status varchar(16) NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING','DELIVERED','FAILED')),
        tries integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        response_status integer,
        error text,
        created_at timestamptz NOT NULL DEFAULT now(),
        delivered_at timestamptz,
        UNIQUE (webhook_id, message_id)
      )`);
    await runner.query(
      `CREATE INDEX idx_webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'PENDING'`,
    );
    await runner.query(`CREATE INDEX idx_webhook_deliveries_webhook ON webhook_deliveries (webhook_id, id DESC)`);
    await runner.query(`
      CREATE TABLE repairs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind varchar(64) NOT NULL,
        chain_id varchar(64),
        task_id varchar(64),
        data jsonb NOT NULL DEFAULT '{}',
        repaired_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE VIEW task_request_status AS
      SELECT r.task_request_id, r.task_type, r.task_name, r.params, r.metadata, r.created_at,
             t.chain_id, t.task_id, t.status, t.result, t.error, t.started_at, t.completed_at, t.updated_at
        FROM task_requests r LEFT JOIN chain_tasks t USING (task_request_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW task_request_status`);
    for (const table of [
      'repairs',
      'webhook_deliveries',
      'webhooks',
      'duties',
      'outbox',
      'workers',
      'idempotency_keys',
      'artifacts',
      'task_logs',
      'chain_events',
      'task_attempts',
      'chain_dependencies',
      'chain_tasks',
      'task_requests',
      'task_chains',
    ]) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
