import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { ChainReader } from './chain-reader.js';
import { ChainsController } from './chains.controller.js';
import { Backlog } from './creating/backlog.js';
import { ChainCreator } from './creating/chain-creator.js';
import { LargeChains } from './creating/large-chains.js';

@Module({
  imports: [AuthModule, CatalogueModule, MetricsModule],
  controllers: [ChainsController],
  providers: [Backlog, ChainCreator, ChainReader, LargeChains],
  exports: [ChainCreator, ChainReader],
})
export class ChainsModule {}
