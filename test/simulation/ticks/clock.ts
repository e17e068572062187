import type { Database, Queryable } from '#libs/repositories';

type Statement = Parameters<Queryable['query']>[0];

const statement = (name: string, text: string): Statement => ({ name, text });

/** Functions of the database that read the time, or that a planted bug changes. */
const TIMED = [
  'due_schedules(int)',
  'plan_ticks(jsonb, timestamptz)',
  'claim_ticks(text, int, timestamptz, interval)',
  'add_event_tick(varchar, varchar, varchar, jsonb, text[], timestamptz)',
];

/**
 * Lets the statements of a test database read a clock that stands until the schedule moves it, in place of PostgreSQL's. To be called
 * before the connections are opened that shall see it.
 */
export async function holdClock(owner: Database, name: string): Promise<void> {
  const of = (clock: string): string =>
    `CREATE FUNCTION held.${clock}() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT at FROM held.wall $$;`;
  await owner.query(
    statement(
      '',
      `CREATE SCHEMA held;
       CREATE TABLE held.wall (at timestamptz NOT NULL);
       INSERT INTO held.wall VALUES (now());
       ${of('clock_timestamp')} ${of('now')}
       GRANT USAGE ON SCHEMA held TO PUBLIC;
       GRANT SELECT ON held.wall TO PUBLIC;
       ${TIMED.map((each) => `ALTER FUNCTION ${each} SET search_path = held, pg_catalog, public, pg_temp;`).join('\n')}
       ALTER DATABASE ${name} SET search_path = held, pg_catalog, public`,
    ),
  );
}

/** What the clock shows, and the counted time, ms since 1970. Only steps of the clock set the two apart. */
export async function setClock(owner: Database, wall: number, counted: number): Promise<void> {
  const moved = statement('set-wall', 'UPDATE held.wall SET at = to_timestamp($1::float8 / 1000)');
  await owner.query(moved, [wall]);
  const text = `UPDATE clock SET seen_at = to_timestamp($1::float8 / 1000), lag = $2::float8 * interval '1 ms'`;
  await owner.query(statement('set-counted', text), [wall, wall - counted]);
}
