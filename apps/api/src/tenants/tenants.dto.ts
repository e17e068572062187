import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsString } from 'class-validator';
import { taskRunners } from '#libs/compute';
import { Absentable, Between, Characters, Fits, IsIntOrNull, OneOf, rule } from '../http/dto-rules.js';
import { TENANT_ID } from '../http/patterns.js';

const ENGINES = taskRunners.map(({ name }) => name);

/** Takes null, or a list of engines, each once. */
const IsEnginesOrNull = (): PropertyDecorator =>
  rule(
    'INVALID_VALUE',
    (value) => {
      const isList = Array.isArray(value) && value.length > 0 && new Set(value).size === value.length;
      const isRight = value === null || (isList && value.every((each) => ENGINES.includes(each as string)));
      return isRight ? null : `must be null, or a list of ${ENGINES.join(', ')}, each once at most`;
    },
    { type: 'array', items: { type: 'string', enum: ENGINES }, minItems: 1, uniqueItems: true, nullable: true },
  );

/** What a tenant may have from the start, and what may change. */
class TenantLimitsDto {
  @Absentable()
  @IsBoolean()
  @ApiProperty({ default: true })
  enabled?: boolean;
  @Absentable()
  @IsInt()
  @Between(1, 1000)
  @ApiProperty({ type: 'integer', default: 1 })
  weight?: number;
  @Absentable()
  @IsIntOrNull()
  @Between(0, 2_147_483_647)
  @ApiProperty({ examples: [100] })
  max_running_chains?: number | null;
  @Absentable()
  @IsIntOrNull()
  @Between(0, 2_147_483_647)
  @ApiProperty({ examples: [100_000] })
  max_waiting_tasks?: number | null;
  @Absentable()
  @IsIntOrNull()
  @Between(0, 1_000_000)
  @ApiProperty({ examples: [600] })
  max_creates_per_minute?: number | null;
  @Absentable()
  @IsIntOrNull()
  @Between(0, Number.MAX_SAFE_INTEGER)
  @ApiProperty({ examples: [1_000_000_000] })
  max_artifact_bytes?: number | null;
  /** Runs tasks that name no engine, where it can; null: the deployment's default. */
  @Absentable()
  @OneOf([...ENGINES, null])
  @ApiProperty({ type: String, nullable: true, maxLength: 64, examples: ['secretflow'] })
  default_engine?: string | null;
  /** The only engines that run tasks of its new chains; null: all that are set up. */
  @Absentable()
  @IsEnginesOrNull()
  @ApiProperty({ examples: [['native']] })
  allowed_engines?: string[] | null;
}

@ApiSchema({ description: 'The fields to change. A limit of null means no limit.' })
export class TenantChangeDto extends TenantLimitsDto {
  static readonly example = { max_running_chains: 200 };
  static readonly minProperties = 1;

  @Absentable()
  @IsString()
  @Characters(1, 255)
  @ApiProperty({ examples: ['Acme Ltd'] })
  name?: string;
}

export class NewTenantDto extends TenantLimitsDto {
  static readonly example = { tenant_id: 'acme', name: 'Acme Ltd', max_running_chains: 100 };

  @IsString()
  @Fits(TENANT_ID)
  @ApiProperty({ examples: ['acme'] })
  tenant_id: string;
  @IsString()
  @Characters(1, 255)
  @ApiProperty({ examples: ['Acme Ltd'] })
  name: string;
}

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
  /** Runs tasks that name no engine, where it can; null: the deployment's default. */
  @ApiProperty({ type: String, nullable: true, example: null })
  default_engine: string | null;
  /** The only engines that run tasks of its new chains; null: all that are set up. */
  @ApiProperty({ type: [String], nullable: true, example: null })
  allowed_engines: string[] | null;
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
