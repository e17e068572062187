import { Module, type DynamicModule } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeyRepository } from './api-key.repository.js';
import { AuditRepository } from './audit.repository.js';
import { ChainRepository } from './chain.repository.js';
import { Database, type DatabaseOptions } from './database.js';
import { Databases } from './databases.js';
import { DutyRepository } from './duty.repository.js';
import type { DatabaseRole, PoolOptions } from './pool.js';
import { dataSourceOptions, PooledDataSource } from './pooled-data-source.js';
import { NodeRepository } from './node.repository.js';
import { PartyRepository } from './party.repository.js';
import { ScheduleRepository } from './schedule.repository.js';
import { SecretRepository } from './secret.repository.js';
import { SessionRepository } from './session.repository.js';
import { SignalRepository } from './signal.repository.js';
import { TaskHistoryRepository } from './task-history.repository.js';
import { TemplateRepository } from './template.repository.js';
import { TenantRepository } from './tenant.repository.js';
import { WebhookRepository } from './webhook.repository.js';

const REPOSITORIES = [
  ApiKeyRepository,
  AuditRepository,
  ChainRepository,
  DutyRepository,
  NodeRepository,
  PartyRepository,
  ScheduleRepository,
  SecretRepository,
  SessionRepository,
  SignalRepository,
  TaskHistoryRepository,
  TemplateRepository,
  TenantRepository,
  WebhookRepository,
];

/** The pools of an app: `engine` pins its plans, `reads` leaves them to the planner. */
export interface RepositoriesOptions extends DatabaseOptions {
  readonly databaseUrl: string;
  readonly engine: Pick<PoolOptions, 'max' | 'applicationName'>;
  readonly reads: Pick<PoolOptions, 'max' | 'applicationName'>;
}

/** The database of an app: two TypeORM data sources, which act as `role`, and the repositories on them. */
@Module({})
export class RepositoriesModule {
  static forRoot(role: DatabaseRole, options: RepositoriesOptions): DynamicModule {
    const { databaseUrl, engine, reads, aroundCommit } = options;
    return {
      module: RepositoriesModule,
      global: true,
      imports: [
        dataSource('engine', databaseUrl, { ...engine, role }),
        dataSource('reads', databaseUrl, { ...reads, role, pinPlans: false }),
      ],
      providers: [
        {
          provide: Databases,
          inject: [getDataSourceToken('engine'), getDataSourceToken('reads')],
          useFactory: (engineSource: PooledDataSource, readsSource: PooledDataSource) =>
            new Databases(new Database(engineSource, { aroundCommit }), new Database(readsSource)),
        },
        ...REPOSITORIES,
      ],
      exports: [Databases, ...REPOSITORIES],
    };
  }
}

/** @nestjs/typeorm closes it in onApplicationShutdown: HTTP has ended by then. */
function dataSource(name: string, databaseUrl: string, options: PoolOptions): DynamicModule {
  return TypeOrmModule.forRootAsync({
    name,
    useFactory: () => dataSourceOptions(databaseUrl, options),
    dataSourceFactory: async (made) => new PooledDataSource(made!),
  });
}
