import { Module } from '@nestjs/common';
import { APP_CONFIG, SecretOpener, type AppConfig } from '#libs/platform';
import { openDatabase, SecretRepository } from '#libs/repositories';
import { JobSecrets } from './job-secrets.js';

/** Opens the secrets of jobs, as a role that sees those of tasks in flight alone. It connects when a job first needs one. */
@Module({
  providers: [
    SecretRepository,
    {
      provide: JobSecrets,
      inject: [SecretRepository, APP_CONFIG],
      useFactory: async (repository: SecretRepository, { databaseUrl, secrets }: AppConfig) => {
        const options = { role: 'task_chain_worker', max: 2, applicationName: 'task-chain-worker-secrets' } as const;
        const opener = await SecretOpener.of(secrets);
        return new JobSecrets(await openDatabase(databaseUrl, options), repository, opener);
      },
    },
  ],
  exports: [JobSecrets],
})
export class SecretsModule {}
