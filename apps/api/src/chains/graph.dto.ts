import { ApiProperty } from '@nestjs/swagger';
import { TASK_STATUSES } from '#libs/chain-domain';
import { CHAIN_TYPES, ID } from './chains.dto.js';

export class GraphNodeDto {
  @ApiProperty({ example: 'psi' })
  task_id: string;
  @ApiProperty({ example: 'PSI' })
  task_name: string;
  @ApiProperty({ example: 'psi' })
  task_type: string;
  @ApiProperty({ enum: TASK_STATUSES, enumName: 'TaskStatus', example: 'SUCCESS' })
  status: string;
  @ApiProperty({ type: 'integer', example: 1 })
  level: number;
  /** The parties that take part in it. */
  @ApiProperty({ type: [String], example: ['alice', 'bob'] })
  parties: readonly string[];
}

export class GraphEdgeDto {
  @ApiProperty({ example: 'prepare-alice' })
  from: string;
  @ApiProperty({ example: 'psi' })
  to: string;
}

export class GraphDto {
  @ApiProperty({ example: ID })
  chain_id: string;
  @ApiProperty({ enum: CHAIN_TYPES, enumName: 'ChainType', example: 'complex' })
  chain_type: string;
  @ApiProperty({ type: [GraphNodeDto] })
  nodes: GraphNodeDto[];
  @ApiProperty({ type: [GraphEdgeDto] })
  edges: GraphEdgeDto[];
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'string' } },
    example: [['prepare-alice', 'prepare-bob'], ['psi']],
  })
  levels: readonly (readonly string[])[];
  @ApiProperty({ type: [String], example: ['prepare-alice', 'psi'] })
  critical_path: string[];
}
