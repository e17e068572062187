import { ApiProperty } from '@nestjs/swagger';
import { ROLES, type Role } from '../auth/roles.js';

export class SessionDto {
  /** As the audit log and `created_by` name you. */
  @ApiProperty({ example: 'key:key-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  actor: string;
  /** `platform` is beyond tenants. */
  @ApiProperty({ enum: ROLES, enumName: 'CallerRole', example: 'author' })
  role: Role;
  /** The tenant whose rows you see. */
  @ApiProperty({ example: 'default' })
  tenant: string;
  /** The party that the key or the token belongs to; null for one of the tenant. */
  @ApiProperty({ type: String, nullable: true, example: null })
  party: string | null;
  /** When the session or the token ends; null for a key, which tells it by `GET /keys`. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;
}

export class SessionLinkDto {
  /** Signs a browser in once. */
  @ApiProperty({ example: 'm3Zb0lEoXz6C4mLk0m2h2o8r3dG6x8r6oFq1nq9Vw2I' })
  token: string;
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}
