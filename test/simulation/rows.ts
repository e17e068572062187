/**
 * The real database of a schedule: its statements run on PostgreSQL, one at a time. After each that may have changed a
 * chain the stored rows are read back, apart from the code under test, and handed to the invariants.
 */
import type pg from 'pg';
import { createChain } from '#libs/chain-engine';
import { Database, loadWhole, openDatabase, type Queryable } from '#libs/repositories';
import type { Bug } from './bugs.js';
import { planted } from './bugs.js';
import { Families, type Child } from './families.js';
import { undone, type Undoing } from './undone.js';
import type { Facts, Invariants } from './invariants.js';
import type { Process } from './process.js';
import { SIGNAL, type ChainSpec } from './scenario.js';
import type { Snapshot } from './standing.js';

type Statement = Parameters<Queryable['query']>[0];
type Run = (statement: Statement, values: readonly unknown[]) => Promise<pg.QueryResult>;

/** Statements after which the rows of chains may be others. */
const WRITES = new Set(['save-decisions', 'claim-ready', 'promote-due', 'raise-attempts', 'transaction']);
/** Those that never wait: now and then another connection holds a chain while they run. */
const NEVER_WAIT = new Set(['claim-ready', 'promote-due', 'renew-leases']);
const TENANT = 'default';
const OTHER_TENANT = 'other';

/** Rows of another schedule go, and numbers begin again. */
const RESET = `
  DELETE FROM task_requests;
  DELETE FROM task_chains;
  DELETE FROM chain_dependencies;
  DELETE FROM outbox;
  DELETE FROM webhook_deliveries;
  DELETE FROM workers;
  DELETE FROM repairs;
  DELETE FROM duties;
  DELETE FROM signals;
  DELETE FROM queue_timeline;
  SELECT setval(pg_get_serial_sequence(name, 'id'), 1, false)
    FROM unnest(ARRAY['task_chains', 'chain_tasks', 'chain_events', 'outbox', 'webhook_deliveries', 'repairs']) AS name`;

/** $1 and $2 the last event and outbox row that were seen. */
const FACTS = {
  name: 'facts',
  text: `
    SELECT (SELECT coalesce(json_agg(t ORDER BY t.chain_id, t.execution_order), '[]') FROM (
             SELECT chain_id, execution_order, task_request_id, result, changed_version, concurrency_key,
                    (SELECT params -> 'task_config' FROM task_requests r WHERE r.task_request_id = chain_tasks.task_request_id) AS config,
                    extract(epoch FROM lease_until)::float8 * 1000 AS lease_ms
               FROM chain_tasks) AS t) AS tasks,
           (SELECT coalesce(json_agg(e ORDER BY e.id), '[]') FROM (
             SELECT id, chain_id, task_id AS "taskId", kind, disposition, attempt, run_id AS "runId", chain_version AS version,
                    data ->> 'signal_id' AS "signalId"
               FROM chain_events WHERE id > $1) AS e) AS events,
           (SELECT coalesce(json_agg(o ORDER BY o.id), '[]') FROM (
             SELECT id, kind, payload FROM outbox WHERE id > $2) AS o) AS outbox,
           (SELECT coalesce(json_agg(c ORDER BY c.id), '[]') FROM (
             SELECT id, chain_id, parent_chain_id, parent_position, parent_attempt, parent_turn, parent_args
               FROM task_chains WHERE parent_chain_id IS NOT NULL) AS c) AS children,
           (SELECT coalesce(json_agg(u ORDER BY u.id), '[]') FROM (
             SELECT id, chain_id, compensates, jsonb_path_query_array(compensation, '$.tasks[*].position') AS undoable
               FROM task_chains WHERE compensation IS NOT NULL OR compensates IS NOT NULL) AS u) AS undoing,
           (SELECT coalesce(json_agg(a), '[]') FROM (
             SELECT task_request_id || '.' || attempt AS id, run_id AS "runId", outcome FROM task_attempts) AS a) AS attempts`,
};

interface FactsRow {
  readonly tasks: readonly (Facts['tasks'][number] & { readonly chain_id: string })[];
  readonly events: readonly (Facts['events'][number] & { readonly id: number; readonly chain_id: string })[];
  readonly outbox: readonly (Facts['outbox'][number] & { readonly id: number })[];
  readonly attempts: Facts['attempts'];
  readonly children: readonly Child[];
  readonly undoing: readonly Undoing[];
}

/** A database as one process has it: each statement, and each transaction as a whole, waits at a gate of the process. */
class ProcessDatabase extends Database {
  constructor(
    base: Database,
    private readonly rows: Rows,
    private readonly process: Process,
    tenant?: string,
  ) {
    super(base['source'], {}, tenant);
  }

  protected override run(statement: Statement, values: readonly unknown[]): Promise<pg.QueryResult> {
    const run: Run = (given, also) => super.run(given, also);
    return this.rows.pass(this.process, statement, values, run);
  }

  override transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const planting = (tx: Queryable): Queryable => ({
      query: (statement, values = []) => tx.query(planted(statement, this.rows.bugs), named(statement, values)),
      entities: tx.entities,
    });
    return this.process.gate('transaction', async () => {
      const answer = await super.transaction((tx) => work(planting(tx)));
      await this.rows.observe('transaction');
      return answer;
    });
  }
}

/** A chain that another one makes gets ids that follow from that, in place of random ones. */
function named({ name }: Statement, values: readonly unknown[]): readonly unknown[] {
  if (name !== 'create-chain') return values;
  const of = JSON.parse(String(values[0])) as {
    compensates?: string;
    parent_chain_id: string;
    parent_position: number;
    parent_attempt: number;
  };
  if (of.compensates !== undefined) return renamed(values, `${of.compensates}-undo`);
  return renamed(values, `${of.parent_chain_id}-${of.parent_position}-${of.parent_attempt}`);
}

/** The values with this id in place of that of the chain, and its tasks numbered. */
function renamed(values: readonly unknown[], id: string): unknown[] {
  let tasks = 0;
  const rename = (text: string): string =>
    text.replace(/(chain|task|execution)-[0-9a-f-]{36}/g, (_, kind) => (kind === 'task' ? `${id}-${tasks++}` : id));
  return values.map((value) => (typeof value === 'string' ? rename(value) : value));
}

/** The connections that all schedules of a thread share. */
export interface Connections {
  /** As the listener has it. */
  readonly engine: Database;
  /** As the owner of the tables, for what stands outside the schedule. */
  readonly owner: Database;
}

export async function connect(url: string): Promise<Connections> {
  const engine = await openDatabase(url, { role: 'task_chain_engine', max: 1 });
  const owner = await openDatabase(url, { max: 2 });
  const text = `
    INSERT INTO tenants (tenant_id, name) VALUES ('${OTHER_TENANT}', 'Other');
    INSERT INTO webhooks (webhook_id, tenant_id, url, secret, events)
    SELECT tenant_id, tenant_id, 'https://example.org', 's',
           '{chain.success,chain.failure,chain.cancelled,chain.approval,chain.sign_off,chain.held,task.failure}' FROM tenants`;
  await owner.query({ name: '', text });
  return { engine, owner };
}

export async function disconnect({ engine, owner }: Connections): Promise<void> {
  await engine.close();
  await owner.close();
}

export class Rows {
  readonly chains = new Map<string, Snapshot>();
  /** What the chains were after each statement, the latest last. */
  readonly history = new Map<string, Snapshot[]>();
  /** Chains that tasks of others run. */
  children: readonly Child[] = [];
  private readonly families = new Families();
  private lastEvent = 0;
  private lastOutbox = 0;
  private now = 0;
  /** When each process last read chains. */
  private readonly readAt = new Map<Process, number>();

  private constructor(
    private readonly connections: Connections,
    private readonly ids: string[],
    readonly bugs: ReadonlySet<Bug>,
    private readonly invariants: Invariants,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Stores the chains in an empty database, under their own ids. */
  static async of(
    connections: Connections,
    specs: readonly ChainSpec[],
    bugs: ReadonlySet<Bug>,
    invariants: Invariants,
    failed: (error: unknown) => void,
  ): Promise<Rows> {
    const { owner } = connections;
    await owner.query({ name: '', text: RESET });
    for (const { id, made } of specs) await createChain(new NamingDatabase(owner, id), made);
    const rows = new Rows(
      connections,
      specs.map(({ id }) => id),
      bugs,
      invariants,
      failed,
    );
    await rows.observe('create-chain');
    return rows;
  }

  databaseOf(process: Process, tenant?: string): Database {
    return new ProcessDatabase(this.connections.engine, this, process, tenant);
  }

  /** All waits of the database go by this time, ms since 1970. It lies ahead of PostgreSQL's clock and so stands still. */
  async setClock(now: number): Promise<void> {
    this.now = now;
    const text = `UPDATE clock SET seen_at = to_timestamp($1::float8 / 1000), lag = '0'`;
    await this.connections.owner.query({ name: 'set-clock', text }, [now]);
  }

  /** Lets a statement wait at its gate, then runs it: with the planted bug where it has one. */
  pass(process: Process, statement: Statement, values: readonly unknown[], run: Run): Promise<pg.QueryResult> {
    const { name } = statement;
    const go = async (n: number): Promise<pg.QueryResult> => {
      const now = (): Promise<pg.QueryResult> => run(planted(statement, this.bugs), values);
      const result = NEVER_WAIT.has(name) && n % 8 === 0 ? await this.besideLock(now) : await now();
      result.rows.sort(byId);
      if (name === 'load-chains') this.readAt.set(process, this.now);
      if (WRITES.has(name) && result.rows.length > 0) await this.observe(name, this.readAt.get(process));
      return result;
    };
    if (name !== 'save-decisions' || !this.bugs.has('sent-before-commit')) return process.gate(name, go);
    process.gate(name, go).catch(() => undefined);
    const rows = (JSON.parse(String(values[0])) as { chain_id: string }[]).map(({ chain_id }) => ({ chain_id }));
    return Promise.resolve({ rows, rowCount: rows.length } as pg.QueryResult);
  }

  /** Reads all chains back and checks what has become of them. `by`: the statement that ran; `readMs`: when who ran it had read chains. */
  async observe(by: string, readMs?: number): Promise<void> {
    const { owner } = this.connections;
    const [facts] = await owner.query<FactsRow>(FACTS, [this.lastEvent, this.lastOutbox]);
    const { tasks, events, outbox, attempts, children, undoing } = facts!;
    this.children = children;
    for (const { chain_id: id } of [...children, ...undoing]) if (!this.ids.includes(id)) this.ids.push(id);
    const loaded = await loadWhole(owner, this.ids);
    this.lastEvent = events.at(-1)?.id ?? this.lastEvent;
    this.lastOutbox = outbox.at(-1)?.id ?? this.lastOutbox;
    for (const id of this.ids) {
      const { state, version, nowMs } = loaded.get(id)!;
      const after: Snapshot = {
        chain: state.chain,
        version,
        tasks: [...state.tasks.values()].sort((a, b) => a.position - b.position),
        rows: tasks.filter(({ chain_id }) => chain_id === id),
      };
      const mine = events.filter(({ chain_id }) => chain_id === id);
      const before = this.chains.get(id);
      this.chains.set(id, after);
      this.history.set(id, [...(this.history.get(id) ?? []), after]);
      if (before === undefined) {
        this.invariants.made(id, after);
        continue;
      }
      try {
        this.invariants.committed(id, before, after, { by, nowMs, readMs, tasks, events: mine, outbox, attempts });
      } catch (error) {
        this.failed(error);
      }
    }
    try {
      this.invariants.together([...this.chains.values()]);
      this.families.committed(this.chains, children);
      undone(this.chains, undoing);
    } catch (error) {
      this.failed(error);
    }
  }

  /** As the API stores it. The payload is the name of the signal. */
  async sendSignal({ id, key, seconds }: { id: string; key: string; seconds: number }): Promise<void> {
    const text = `
      INSERT INTO signals (signal_id, tenant_id, name, key, payload, expires_at)
      SELECT $1::text, '${TENANT}', '${SIGNAL}', $2::text, to_jsonb($1::text || ' ' || $2::text), seen_at + $3::float8 * interval '1 s' FROM clock`;
    await this.connections.owner.query({ name: 'send-signal', text }, [id, key, seconds]);
  }

  /** -> signals that count as given to a task. */
  async usedSignals(): Promise<string[]> {
    const text = `SELECT signal_id FROM signals WHERE status = 'DELIVERED'`;
    const rows = await this.connections.owner.query<{ signal_id: string }>({ name: 'used-signals', text });
    return rows.map(({ signal_id: id }) => id);
  }

  /** Open children whose task does not wait for them. */
  strays(): string[] {
    return this.families.strays(this.chains);
  }

  /** What must hold between chains when all is at rest. */
  atRest(): void {
    this.families.atRest(this.chains);
  }

  /** -> rows that wait to be delivered, and what became of the notices. */
  async outside(): Promise<{
    outbox: number;
    deliveries: { tenant: string; webhook: string; status: string }[];
    repairs: string[];
  }> {
    const text = `
      SELECT (SELECT count(*)::int FROM outbox) AS outbox,
             (SELECT coalesce(json_agg(json_build_object('tenant', tenant_id, 'webhook', webhook_id, 'status', status)), '[]')
                FROM webhook_deliveries) AS deliveries,
             ARRAY(SELECT kind::text FROM repairs) AS repairs`;
    const [row] = await this.connections.owner.query<Awaited<ReturnType<Rows['outside']>>>({ name: 'outside', text });
    return row!;
  }

  /** Runs a statement while another connection holds the first chain. */
  private async besideLock(run: () => Promise<pg.QueryResult>): Promise<pg.QueryResult> {
    const lock = { name: 'hold-chain', text: `SELECT FROM task_chains WHERE chain_id = $1 FOR UPDATE` };
    return this.connections.owner.transaction(async (tx) => {
      await tx.query(lock, [this.ids[0]]);
      return run();
    });
  }
}

/** Rows that PostgreSQL may give in any order come in the order of their ids. */
function byId(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const key = (row: Record<string, unknown>): string | number => {
    const id = row['id'] ?? row['execution_order'] ?? row['task_request_id'] ?? row['chain_id'];
    return typeof id === 'number' ? id : String(id);
  };
  const [x, y] = [key(a), key(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Creates a chain as the API does, but that it and its tasks get the ids of the scenario in place of random ones. */
class NamingDatabase extends Database {
  constructor(
    base: Database,
    private readonly id: string,
  ) {
    super(base['source'], {}, TENANT);
  }

  override write<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return super.write(statement, renamed(values, this.id));
  }
}
