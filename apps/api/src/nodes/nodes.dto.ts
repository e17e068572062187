import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsString } from 'class-validator';
import { Absentable, Between, Characters } from '../http/dto-rules.js';

export const DEFAULT_MINUTES = 60;
const WEEK_MINUTES = 7 * 24 * 60;
const FINGERPRINT = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const REQUEST = '-----BEGIN CERTIFICATE REQUEST-----\n…\n-----END CERTIFICATE REQUEST-----\n';
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n';

@ApiSchema({ description: 'What the party joins as, and how long the invitation counts.' })
export class NewInvitationDto {
  static readonly example = { expires_in_minutes: 60 };

  @Absentable()
  @IsBoolean()
  @ApiProperty({ default: false, description: 'It joins as a dealer, which has no tables.' })
  dealer?: boolean;
  @Absentable()
  @IsInt()
  @Between(1, WEEK_MINUTES)
  @ApiProperty({ type: 'integer', default: DEFAULT_MINUTES, examples: [60] })
  expires_in_minutes?: number;
}

export class InvitationDto {
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ example: false })
  dealer: boolean;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  /** The creator, as in the audit log. */
  @ApiProperty({ type: String, nullable: true, example: 'admin key' })
  created_by: string | null;
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}

export class CreatedInvitationDto extends InvitationDto {
  /** For `task-chain-node join`, once. Shown only once: null in an answer repeated by its Idempotency-Key. */
  @ApiProperty({
    type: String,
    nullable: true,
    example: `tci_default.bank-a.party.9Jb0m2pWz0c7yJrQ3k1uV8d5oXaTnLhE4sFiGqRwYbM.${FINGERPRINT.slice('sha256:'.length)}`,
  })
  token: string | null;
}

@ApiSchema({ description: 'What the site asks a certificate for.' })
export class JoinDto {
  static readonly example = { csr: REQUEST };

  @IsString()
  @Characters(1, 4_096)
  @ApiProperty({
    description: 'A signing request (PKCS #10, PEM) of an Ed25519 key: O is the tenant, CN the party.',
    examples: [REQUEST],
  })
  csr: string;
}

export class AdmittedDto {
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ example: false })
  dealer: boolean;
  @ApiProperty({ example: FINGERPRINT })
  fingerprint: string;
  /** What admits the site to the control plane, PEM. */
  @ApiProperty({ example: CERTIFICATE })
  certificate: string;
  /** The certificate of the authority, PEM. */
  @ApiProperty({ example: CERTIFICATE })
  authority: string;
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}

export class NodeDto {
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ example: false })
  dealer: boolean;
  /** SHA-256 of its public key. The other sites compare it with a person there, and do not take it from here. */
  @ApiProperty({ example: FINGERPRINT })
  fingerprint: string;
  @ApiProperty({ format: 'date-time' })
  joined_at: string;
  /** The end of its certificate, which it renews itself. */
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at: string | null;
  /** Whether it keeps its connection to the control plane now: a site that is gone counts as connected for up to 20 s. */
  @ApiProperty({ example: true })
  connected: boolean;
  /** When a worker last held its connection. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_seen_at: string | null;
  /** Of the protocol that its last connection used. */
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  protocol_version: number | null;
  /** What it said of its software; `unknown` where that did not fit. */
  @ApiProperty({ type: String, nullable: true, example: '1.0.0' })
  software_version: string | null;
  /** From the control plane to the site and back, ms: the shortest of a minute of pings, of its last connection. null: it has none yet. A worker of an older release measures none, and leaves that of the connection before. */
  @ApiProperty({ type: 'number', nullable: true, example: 41.5 })
  round_trip_ms: number | null;
}

export class NodeListDto {
  @ApiProperty({ type: [NodeDto] })
  items: NodeDto[];
}

export class RevokedNodeDto {
  /** true: a dry run, nothing was done. */
  @ApiProperty()
  dry_run: boolean;
  @ApiProperty({ type: NodeDto })
  node: NodeDto;
}
