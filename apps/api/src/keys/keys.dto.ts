import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsInt, IsString } from 'class-validator';
import { KEY_ROLES, type Role } from '../auth/roles.js';
import { Absentable, Between, Characters, Fits, OneOf } from '../http/dto-rules.js';
import { PARTY_NAME } from '../http/patterns.js';

export const DEFAULT_DAYS = 365;

@ApiSchema({ description: 'The purpose and role of the key.' })
export class NewKeyDto {
  static readonly example = { name: 'nightly import', role: 'author', expires_in_days: 90 };

  @IsString()
  @Characters(1, 255)
  @ApiProperty({ examples: ['nightly import'] })
  name: string;
  @IsString()
  @OneOf(KEY_ROLES, {
    enum: KEY_ROLES,
    description:
      'viewer reads; operator also controls chains; author also creates them; admin also manages keys and webhooks.',
    examples: ['author'],
  })
  role: Role;
  @Absentable()
  @IsInt()
  @Between(1, 3650)
  @ApiProperty({ type: 'integer', default: DEFAULT_DAYS, examples: [90] })
  expires_in_days?: number;
  @Absentable()
  @IsString()
  @Fits(PARTY_NAME)
  @ApiProperty({
    description:
      'The party that the key belongs to. A key of a party creates chains as that party and states what it allows.',
    examples: ['bank-a'],
  })
  party?: string;
}

export class ApiKeyDto {
  @ApiProperty({ example: 'key-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  key_id: string;
  @ApiProperty({ example: 'nightly import' })
  name: string;
  @ApiProperty({ enum: KEY_ROLES, enumName: 'Role', example: 'author' })
  role: string;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  /** The creator, as in the audit log. */
  @ApiProperty({ type: String, nullable: true, example: 'admin key' })
  created_by: string | null;
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at: string | null;
  /** Accurate to the minute; null if the key was never used. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at: string | null;
  /** The party that the key belongs to; null for a key of the tenant. */
  @ApiProperty({ type: String, nullable: true, example: 'bank-a' })
  party: string | null;
}

export class CreatedApiKeyDto extends ApiKeyDto {
  /** Send it as `Authorization: Bearer <key>`. Shown only once: null in an answer repeated by its Idempotency-Key. */
  @ApiProperty({ type: String, nullable: true, example: 'tck_9Jb0m2pWz0c7yJrQ3k1uV8d5oXaTnLhE4sFiGqRwYbM' })
  key: string | null;
}

export class ApiKeyListDto {
  @ApiProperty({ type: [ApiKeyDto] })
  items: ApiKeyDto[];
}

export class RevokedApiKeyDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  /** Until then `POST /keys/{key_id}/restore` restores it. */
  @ApiProperty({ format: 'date-time' })
  restorable_until: string;
  @ApiProperty({ type: ApiKeyDto })
  key: ApiKeyDto;
}
