import { ApiProperty } from '@nestjs/swagger';
import { IsArray, IsObject, IsString } from 'class-validator';
import { Absentable, Characters, rule, Texts } from '../http/dto-rules.js';

const ENDS = ['SUCCESS', 'FAILURE', 'CANCELLED'];

/** Chains whose ends start chains of a schedule: all that is given holds. */
export class ChainEndsDto {
  @Absentable()
  @IsString()
  @Characters(1, 64)
  @ApiProperty({ description: 'Chains of this template.' })
  template_id?: string;
  @Absentable()
  @IsString()
  @Characters(1, 64)
  @ApiProperty({ description: 'Chains of this schedule.' })
  schedule_id?: string;
  @Absentable()
  @IsObject()
  @rule('INVALID_TYPE', (value) =>
    Object.values(value ?? {}).every((each) => typeof each === 'string') ? null : 'must be texts by key',
  )
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'Chains with these labels.' })
  labels?: Record<string, string>;
  @Absentable()
  @IsArray()
  @Texts(3, /^(SUCCESS|FAILURE|CANCELLED)$/, { enum: ENDS })
  @ApiProperty({ description: 'How they end. Default: `SUCCESS`.' })
  statuses?: string[];
}

export class WebhookSecretDto {
  @ApiProperty({ example: 'schedule-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  schedule_id: string;
  /** Where deliveries go. */
  @ApiProperty({ example: '/api/v1/hooks/schedule-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  path: string;
  /** Shown only here. */
  @ApiProperty({ example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })
  secret: string;
}

export class AcceptedDeliveryDto {
  /** The id of the delivery. */
  @ApiProperty({ example: 'msg_p5jXN8AQM9LWM0D4loKWxJek' })
  id: string;
  /** When it came first. */
  @ApiProperty({ format: 'date-time' })
  due_at: string;
}
