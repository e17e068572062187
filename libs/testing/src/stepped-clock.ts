import { withConnection } from '#libs/local-postgres';

const SCHEMA = 'stepped_clock';

/**
 * Steps what the statements of one test database read as the clock of PostgreSQL, in place of a server whose clock really
 * steps: connections that are opened later find `clock_timestamp()` and `now()` of a schema before those of pg_catalog.
 * Defaults of columns and the queue's own statements keep the server's clock.
 */
export class SteppedClock {
  private constructor(private readonly url: string) {}

  /** To be called before the connections that shall see it are opened. */
  static async in(url: string): Promise<SteppedClock> {
    const of = (name: string): string => `
      CREATE FUNCTION ${SCHEMA}.${name}() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT pg_catalog.${name}() + (SELECT by FROM ${SCHEMA}.step) $$;`;
    await withConnection(url, (client) =>
      client.query(`
        CREATE SCHEMA ${SCHEMA};
        CREATE TABLE ${SCHEMA}.step (by interval NOT NULL);
        INSERT INTO ${SCHEMA}.step VALUES ('0');
        ${of('clock_timestamp')} ${of('now')}
        GRANT USAGE ON SCHEMA ${SCHEMA} TO PUBLIC;
        GRANT SELECT ON ${SCHEMA}.step TO PUBLIC;
        ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = ${SCHEMA}, pg_catalog, public`),
    );
    return new SteppedClock(url);
  }

  /** Sets the clock on by this much, or back. */
  async step(ms: number): Promise<void> {
    await withConnection(this.url, (client) =>
      client.query(`UPDATE ${SCHEMA}.step SET by = by + $1::float8 * interval '1 ms'`, [ms]),
    );
  }
}
