import { Body, Controller, Get, Header, HttpCode, Inject, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import type { Recorded } from './statement-tap.js';

/** What the bare server runs. */
export interface BareStatements {
  readonly databaseUrl: string;
  /** Settings of each connection: the API's own, its role among them, so that the same rows are seen by the same plans. */
  readonly options: string;
  readonly create: Recorded;
  readonly read: Recorded;
  readonly list: Recorded;
}

/** As many as the API has. */
const CONNECTIONS = 8;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** Whatever a column holds stays the text that PostgreSQL sent. */
const UNPARSED = { getTypeParser: () => (text: string) => text } as pg.CustomTypesConfig;

const statements = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as BareStatements;
const pool = new pg.Pool({
  connectionString: statements.databaseUrl,
  max: CONNECTIONS,
  options: `${statements.options} -c task_chain.tenant=${DEFAULT_TENANT}`,
});

function queryOf({ name, text, values }: Recorded): pg.QueryConfig {
  const bound = values.map((value) =>
    value !== null && typeof value === 'object' ? Buffer.from(value.base64, 'base64') : value,
  );
  return { name, text, values: bound, types: UNPARSED };
}

/** The statement of a create, with ids that are not there yet. */
function createAnew(): pg.QueryConfig {
  const ids = new Map<string, string>();
  const anew = (text: string): string =>
    text.replace(UUID, (id) => {
      if (!ids.has(id)) ids.set(id, randomUUID());
      return ids.get(id)!;
    });
  const { create } = statements;
  return queryOf({
    ...create,
    values: create.values.map((value) => (typeof value === 'string' ? anew(value) : value)),
  });
}

/** The texts of all columns of all rows, one after the other. */
async function textOf(query: pg.QueryConfig): Promise<string> {
  const { rows } = await pool.query<(string | null)[]>({ ...query, rowMode: 'array' } as pg.QueryArrayConfig);
  return rows.map((row) => row.join('')).join('');
}

/** Routes that do what the API cannot do without: take a request, run the statement, send what PostgreSQL gave. */
@Controller('bare')
class BareController {
  constructor(@Inject(pg.Pool) private readonly database: pg.Pool) {}

  @Post('chains')
  @HttpCode(201)
  async create(@Body() _body: unknown): Promise<object> {
    return (await this.database.query<object>(createAnew())).rows[0]!;
  }

  @Get('chains/one')
  @Header('content-type', 'text/plain')
  read(): Promise<string> {
    return textOf(queryOf(statements.read));
  }

  @Get('chains')
  @Header('content-type', 'text/plain')
  list(): Promise<string> {
    return textOf(queryOf(statements.list));
  }
}

@Module({ controllers: [BareController], providers: [{ provide: pg.Pool, useValue: pool }] })
class BareModule {}

const app = await NestFactory.create<NestFastifyApplication>(BareModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.send!(new URL(await app.getUrl()).port);
process.on('disconnect', () => process.exit(0));
