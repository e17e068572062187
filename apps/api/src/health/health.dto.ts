import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

export class LivenessDto {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  status: string;
}

export class HealthCheckDto {
  @ApiProperty({ enum: ['ok', 'failing'], enumName: 'HealthStatus', example: 'ok' })
  status: string;
  /** Duration of the check. */
  @ApiProperty({ type: 'integer', example: 3 })
  ms: number;
  /** Why it fails. */
  @ApiProperty({ required: false, example: 'no answer within 1000 ms' })
  detail?: string;
}

@ApiExtraModels(HealthCheckDto)
export class ReadinessDto {
  @ApiProperty({ enum: ['ok', 'failing'], enumName: 'HealthStatus', example: 'ok' })
  status: string;
  /** Results by the name of the check. */
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(HealthCheckDto) } })
  checks: Record<string, HealthCheckDto>;
}
