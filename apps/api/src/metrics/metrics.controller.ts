import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { readFigures, SIZE_BUCKETS, type TenantDatabases } from '#libs/repositories';
import { ApiProblems } from '../http/api-problems.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Roles } from '../auth/access.js';
import { ChainMetricsDto, MetricsQueryDto, secondsOf } from './metrics.dto.js';
import { partsOf, partSecondsOf } from './throughput.js';

@ApiTags('chains')
@Controller('chains/metrics')
@Roles('viewer')
export class MetricsController {
  @Get()
  @ApiOperation({
    operationId: 'getChainMetrics',
    summary: 'Get chain metrics for a time window',
    description:
      'Totals by status, running chains, success rate, execution time, sizes, task types, throughput, queues and failure reasons.',
  })
  @ApiResponse({ status: 200, type: ChainMetricsDto, description: 'The metrics.' })
  @ApiProblems(400, 503)
  async metrics(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { window = '24h' }: MetricsQueryDto,
  ): Promise<ChainMetricsDto> {
    const seconds = secondsOf(window);
    const partSeconds = partSecondsOf(seconds);
    const figures = await readFigures(reads, seconds, partSeconds);
    const succeeded = figures.byStatus.get('SUCCESS') ?? 0;
    const failed = figures.byStatus.get('FAILURE') ?? 0;
    const { chains, mean, p50, p95, max } = figures.duration;
    return {
      window_seconds: seconds,
      chain_total_count: [...figures.byStatus.values()].reduce((sum, count) => sum + count, 0),
      chain_count_by_status: Object.fromEntries(figures.byStatus),
      chain_running_count: figures.running,
      chain_success_rate: {
        value: succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
        succeeded,
        failed,
      },
      chain_avg_execution_time: { chains, mean_seconds: mean, p50_seconds: p50, p95_seconds: p95, max_seconds: max },
      chain_task_distribution: figures.sizes.map((size) => ({
        tasks_per_chain: SIZE_BUCKETS[size.bucket]!,
        chains: size.chains,
      })),
      tasks_by_type: [...figures.types],
      throughput: { part_seconds: partSeconds, parts: partsOf(figures.throughput, seconds, partSeconds, Date.now()) },
      queues: [...figures.queues],
      chain_failure_reasons: [...figures.failures],
    };
  }
}
