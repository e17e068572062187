import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/api-problems.js';
import type { TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { TenantDb } from '../auth/tenant-db.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { Catalogue } from './catalogue.js';

export class EngineLeavesDto {
  @ApiProperty({ example: 'secretflow' })
  engine: string;
  /** A value of `task_params.task_config.protocol`. */
  @ApiProperty({ example: 'RR22_PSI_2PC' })
  protocol: string;
  @ApiProperty({ example: 'Pseudo-random values of the keys of one party.' })
  leaves: string;
}

export class TaskTypeDto {
  @ApiProperty({ example: 'psi' })
  task_type: string;
  @ApiProperty({ example: 'Private set intersection' })
  title: string;
  @ApiProperty({ example: 'Finds the rows that the parties have in common, without revealing the others.' })
  description: string;
  /** What the parties reveal to each other. */
  @ApiProperty({ example: 'Blinded curve points and set sizes; the receiver learns the intersection.' })
  leaves: string;
  @ApiProperty()
  needs_parties: boolean;
  /** Whether files differ from run to run, since shares are random. What they give together differs between engines by up to 2^-16. */
  @ApiProperty()
  approximate: boolean;
  /** Engines that run it in this deployment, native first. They are the values of task_params.engine. */
  @ApiProperty({ type: [String], example: ['native'] })
  engines: string[];
  /** What the parties reveal on engines that differ from native, by protocol. */
  @ApiProperty({ type: [EngineLeavesDto] })
  engine_leaves: EngineLeavesDto[];
  /** JSON Schema 2020-12 of `task_params.task_config`. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  config_schema: Record<string, unknown>;
}

export class TaskTypeListDto {
  @ApiProperty({ type: [TaskTypeDto] })
  items: TaskTypeDto[];
}

@ApiTags('task types')
@Controller('task-types')
@Roles('viewer')
export class TaskTypesController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly directory: TenantDirectory,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listTaskTypes',
    summary: 'List the task types',
    description: 'Each with the JSON Schema of its task_config.',
  })
  @ApiResponse({ status: 200, type: TaskTypeListDto, description: 'All task types.' })
  @ApiProblems()
  async list(@TenantDb() { reads }: TenantDatabases): Promise<TaskTypeListDto> {
    const { all, engines } = this.catalogue.forTenant(await this.directory.enginesOf(reads.tenant!));
    return {
      items: all.map(({ type, title, description, leaves, needsParties, approximate, configSchema }) => ({
        task_type: type,
        title,
        description,
        leaves,
        needs_parties: needsParties,
        approximate: approximate === true,
        engines: engines.namesFor(type),
        engine_leaves: engines.leavesOf(type),
        config_schema: configSchema,
      })),
    };
  }
}
