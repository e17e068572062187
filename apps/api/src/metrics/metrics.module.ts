import { Module } from '@nestjs/common';
import { ApiMetrics } from './api-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { ProcessMetricsController } from './process-metrics.controller.js';

@Module({
  controllers: [MetricsController, ProcessMetricsController],
  providers: [ApiMetrics],
  exports: [ApiMetrics],
})
export class MetricsModule {}
