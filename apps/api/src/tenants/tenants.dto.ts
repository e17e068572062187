import { ApiProperty } from '@nestjs/swagger';

const limit = { type: Number, nullable: true, minimum: 0, example: 100 } as const;

export class TenantDto {
  @ApiProperty({ example: 'acme' })
  tenant_id: string;
  @ApiProperty({ example: 'Acme Ltd' })
  name: string;
  /** Whether its users can sign in. Running chains continue. */
  @ApiProperty({ example: true })
  enabled: boolean;
  /** Its share of the workers when other tenants' tasks wait too: twice the weight gets twice the share. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 1000, example: 1 })
  weight: number;
  /** Maximum number of RUNNING and PAUSED chains; null: no limit. */
  @ApiProperty(limit)
  max_running_chains: number | null;
  /** Maximum number of unfinished tasks in unfinished chains; null: no limit. */
  @ApiProperty({ ...limit, example: 100_000 })
  max_waiting_tasks: number | null;
  /** Null: no limit. */
  @ApiProperty({ ...limit, example: 600 })
  max_creates_per_minute: number | null;
  /** Maximum total size of stored artifacts; beyond it new chains are refused. Null: no limit. */
  @ApiProperty({ ...limit, example: 1_000_000_000 })
  max_artifact_bytes: number | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class TenantUseDto {
  @ApiProperty({ type: 'integer', example: 3 })
  running_chains: number;
  @ApiProperty({ type: 'integer', example: 120 })
  waiting_tasks: number;
  @ApiProperty({ type: 'integer', example: 12 })
  creates_last_minute: number;
  @ApiProperty({ type: 'integer', example: 52_428_800 })
  artifact_bytes: number;
}

export class OwnTenantDto extends TenantDto {
  /** Current usage against the limits. */
  @ApiProperty({ type: TenantUseDto })
  use: TenantUseDto;
}

export class TenantListDto {
  @ApiProperty({ type: [TenantDto] })
  items: TenantDto[];
}
