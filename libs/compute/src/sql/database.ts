import {
  DuckDBDataChunk,
  DuckDBInstance,
  StatementType,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  BIGINT,
  DOUBLE,
  VARCHAR,
} from '@duckdb/node-api';
import type { Table } from '../table/table.js';
import { valueOf, type ColumnKind } from './column-kinds.js';

/** Memory of the database beside JavaScript's heap; a party's process has 1.5 GiB in all. */
const MEMORY = '768MiB';

/**
 * Set before anything runs, and locked: the database reads and writes no file, loads no extension, and no statement changes that. One
 * thread gives the same order of rows, and the same sums, again.
 */
const LOCKED = {
  temp_directory: '',
  memory_limit: MEMORY,
  threads: '1',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_persistent_secrets: 'false',
  enable_external_access: 'false',
  lock_configuration: 'true',
};

const TYPES = { BIGINT, DOUBLE, VARCHAR } as const;
/** Rows of a chunk at most. */
const CHUNK_ROWS = 2048;

/** A table of the database to be filled. */
export interface TableColumns {
  readonly name: string;
  readonly columns: readonly string[];
  readonly kinds: readonly ColumnKind[];
}

/** What a statement gives. Fields are text, as in a table: a missing one is ''. */
export interface Result {
  readonly columns: readonly string[];
  batches(): AsyncGenerator<string[][], void, undefined>;
}

/** What DuckDB says of an error: it may quote rows and names. */
export class DatabaseFault extends Error {
  get isOfMemory(): boolean {
    return this.message.startsWith('Out of Memory');
  }
}

/** Why a statement may not run, by its text alone. */
export class StatementFault extends Error {}

/** A database in memory that holds the tables of one task, and runs one statement. What DuckDB refuses throws DatabaseFault. */
export class Database {
  private constructor(private readonly connection: DuckDBConnection) {}

  static async open(): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', LOCKED);
    return new Database(await instance.connect());
  }

  /** Throws StatementFault where the text cannot be parsed or is not one statement. */
  async requireOne(text: string): Promise<void> {
    const statements = await this.connection.extractStatements(text).catch(({ message }: Error) => {
      const isEmpty = message === 'Error in native callback';
      throw new StatementFault(isEmpty ? 'it is empty' : message.replace('Failed to extract statements: ', ''));
    });
    if (statements.count !== 1) throw new StatementFault(`it holds ${statements.count} statements, and must be one`);
  }

  /** Makes an empty table. */
  async create({ name, columns, kinds }: TableColumns): Promise<void> {
    const listed = columns.map((column, at) => `${quoted(column)} ${kinds[at]}`);
    await said(() => this.connection.run(`CREATE TABLE ${quoted(name)} (${listed.join(', ')})`));
  }

  /** Throws StatementFault for what is no SELECT, and DatabaseFault for names and types that do not fit. */
  async prepare(text: string): Promise<DuckDBPreparedStatement> {
    const statement = await said(() => this.connection.prepare(text));
    const { statementType, parameterCount } = statement;
    if (statementType !== StatementType.SELECT)
      throw new StatementFault(`it is ${StatementType[statementType]}, and must be a SELECT`);
    if (parameterCount > 0) throw new StatementFault('it has parameters, and nothing gives them a value');
    return statement;
  }

  /** Fills a table, a chunk of rows at a time. */
  async fill({ name, kinds }: TableColumns, table: Table, onBatch: () => void): Promise<void> {
    const appender = await said(() => this.connection.createAppender(name));
    const types = kinds.map((kind) => TYPES[kind]);
    for await (const batch of table.batches()) {
      for (let from = 0; from < batch.length; from += CHUNK_ROWS) {
        const rows = batch.slice(from, from + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(types, rows.length);
        chunk.setColumns(kinds.map((kind, at) => rows.map((row) => valueOf(row[at]!, kind))));
        await said(() => appender.appendDataChunk(chunk));
      }
      await said(() => appender.flushSync());
      onBatch();
    }
    await said(() => appender.closeSync());
  }

  /** Runs the statement. Rows come a chunk at a time, as the database finds them. */
  async run(text: string): Promise<Result> {
    const statement = await this.prepare(text);
    const result = await said(() => statement.stream());
    return {
      columns: result.columnNames(),
      async *batches() {
        for (;;) {
          const chunk = await said(() => result.fetchChunk());
          if (chunk === null || chunk.rowCount === 0) return;
          yield chunk.getRows().map((row) => row.map((value) => (value === null ? '' : String(value))));
        }
      },
    };
  }
}

/** Calls DuckDB. */
async function said<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new DatabaseFault((error as Error).message);
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
