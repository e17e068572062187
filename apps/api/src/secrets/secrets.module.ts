import { Module } from '@nestjs/common';
import { APP_CONFIG, secretKeysOf, type AppConfig } from '#libs/platform';
import { SealingKeys } from './sealing-keys.js';
import { SecretsController } from './secrets.controller.js';

@Module({
  controllers: [SecretsController],
  providers: [
    {
      provide: SealingKeys,
      inject: [APP_CONFIG],
      useFactory: ({ secrets }: AppConfig) => new SealingKeys(secretKeysOf(secrets)),
    },
  ],
})
export class SecretsModule {}
