import type pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { guardedPool } from '#libs/postgres';
import { ENTITIES } from './entities/index.js';
import { poolConfig, type PoolOptions } from './pool.js';

/** TypeORM's options for the chain tables. The schema is made by migrations alone. */
export function dataSourceOptions(url: string, options: PoolOptions): DataSourceOptions {
  const extra = poolConfig(options);
  return { type: 'postgres', url, entities: ENTITIES, synchronize: false, installExtensions: false, extra };
}

/**
 * A data source that connects at its first statement, not when it is initialized: an app starts while PostgreSQL is down,
 * and its checks say why it is not ready.
 */
export class PooledDataSource extends DataSource {
  readonly pool: pg.Pool;

  override async initialize(): Promise<this> {
    const driver = this.driver as PostgresDriver;
    const pool = guardedPool({ connectionString: driver.options.url, ...(driver.options.extra as pg.PoolConfig) });
    driver.master = pool;
    await this.buildMetadatas();
    return Object.assign(this, { isInitialized: true, pool });
  }
}
