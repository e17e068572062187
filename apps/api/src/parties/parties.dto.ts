import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsObject, IsString } from 'class-validator';
import { Absentable, Characters, Fits } from '../http/dto-rules.js';
import { PARTY_NAME } from '../http/patterns.js';
import { QueryChoice, QueryNumber, QueryPattern } from '../http/query-rules.js';
import { KEPT_AT, type KeptAt } from './kept-at.js';

const KINDS = ['party', 'dataset', 'policy', 'approval', 'standing'];
const NO_PARTY = 'The name of a party.';

@ApiSchema({ description: 'The party, named as the folder of its data.' })
export class NewPartyDto {
  static readonly example = { party: 'bank-a', name: 'Bank A', contact: 'data-protection@bank-a.example' };

  @IsString()
  @Fits(PARTY_NAME)
  @ApiProperty({ description: 'Its name in chains, and the name of its folder at the workers.', examples: ['bank-a'] })
  party: string;
  @IsString()
  @Characters(1, 255)
  @ApiProperty({ examples: ['Bank A'] })
  name: string;
  @Absentable()
  @IsString()
  @Characters(1, 255)
  @ApiProperty({ description: 'Contact for questions about its data.', examples: ['data-protection@bank-a.example'] })
  contact?: string;
}

export class PartyDto {
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ example: 'Bank A' })
  name: string;
  @ApiProperty({ type: String, nullable: true, example: 'data-protection@bank-a.example' })
  contact: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  /** The creator, as in the audit log. */
  @ApiProperty({ type: String, nullable: true, example: 'admin key' })
  created_by: string | null;
}

export class PartyListDto {
  @ApiProperty({ type: [PartyDto] })
  items: PartyDto[];
}

/** Of bank-a about itself: `{"kind":"party","recipients":[],"serial":1,…}`. */
const SIGNED_EXAMPLE =
  'eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0' +
  '.eyJpc3N1ZWRfYXQiOiIyMDI2LTExLTAxVDAwOjAwOjAwWiIsImtpbmQiOiJwYXJ0eSIsInBhcnR5IjoiYmFuay1hIiwicmVjaXBpZW50cyI6W10sInNlcmlhbCI6MX0' +
  '.pMCAjByZB6wLQ84C7YqZcXTBJSSAakj4cwBrDD2a1zdB5CSflLZQVDU3nxqfBJucg32oQ2ts1f9I204akGmLAQ';

@ApiSchema({
  description: 'A statement signed by the owner. An owner who trusts the operator may send it unsigned.',
})
export class NewStatementDto {
  static readonly example = { signed: SIGNED_EXAMPLE };

  @Absentable()
  @IsString()
  @Characters(1, 1_000_000)
  @ApiProperty({
    description: 'A compact JWS (RFC 7515), EdDSA, over the canonical JSON (RFC 8785) of the statement.',
    examples: [SIGNED_EXAMPLE],
  })
  signed?: string;
  @Absentable()
  @IsObject()
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The bare statement. The workers accept it only for a party whose owner chose `approvals: server`.',
  })
  statement?: object;
}

export class StatementDto {
  /** What it is about: a newer statement with the same subject replaces it. */
  @ApiProperty({ example: 'policy:bank-a/customers' })
  subject: string;
  @ApiProperty({ enum: KINDS, enumName: 'StatementKind', example: 'policy' })
  kind: string;
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ type: 'integer', example: 3 })
  serial: number;
  /** The statement itself. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { kind: 'policy' } })
  body: object;
  /** The compact JWS; null for a bare statement. */
  @ApiProperty({ type: String, nullable: true, example: 'eyJhbGciOiJFZERTQSJ9.eyJraW5kIjoicG9saWN5In0.c2ln' })
  signed: string | null;
  @ApiProperty({ format: 'date-time' })
  created_at: string;
  /** Who sent it, as in the audit log. */
  @ApiProperty({ type: String, nullable: true, example: 'key:key-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  created_by: string | null;
}

export class StatementListDto {
  @ApiProperty({ type: [StatementDto] })
  items: StatementDto[];
}

/** The query of a party's statements. */
export class StatementsQueryDto {
  /** Only statements of this kind. */
  @QueryChoice(KINDS)
  kind?: string;
}

/** The query of lists about parties. */
export class PartyQueryDto {
  /** Only datasets of this party. */
  @QueryPattern(PARTY_NAME, NO_PARTY)
  party?: string;
}

export class DatasetColumnDto {
  @ApiProperty({ example: 'age' })
  name: string;
  @ApiProperty({ example: 'number' })
  type: string;
}

export class DatasetDto {
  /** As chains name it. */
  @ApiProperty({ example: 'dataset:bank-a/customers@3' })
  reference: string;
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ example: 'customers' })
  name: string;
  @ApiProperty({ type: 'integer', example: 3 })
  version: number;
  @ApiProperty({ enum: ['csv', 'parquet'], example: 'csv' })
  format: string;
  @ApiProperty({ type: [DatasetColumnDto] })
  columns: DatasetColumnDto[];
  /** Number of rows. null: its owner shows it to keys of the party and to admins alone. */
  @ApiProperty({ type: 'integer', nullable: true, example: 12_000 })
  rows: number | null;
  /** true: the owner withdrew it, and no task reads it. */
  @ApiProperty()
  removed: boolean;
  /** Where that lies which counts. `site`: the party has, or had, a site of its own; this is a copy. */
  @ApiProperty({ enum: KEPT_AT, enumName: 'KeptAt', example: 'worker' })
  kept_at: KeptAt;
  /** What it may be used for without asking; absent for anything. A chain states its purpose in `metadata.purpose`. */
  @ApiProperty({ type: [String], required: false, example: ['credit scoring'] })
  purposes?: string[];
}

export class DatasetListDto {
  @ApiProperty({ type: [DatasetDto] })
  items: DatasetDto[];
}

export class LedgerColumnDto {
  /** `*` stands for all columns that no registered version has: they were made by tasks. */
  @ApiProperty({ example: 'defaulted' })
  name: string;
  @ApiProperty({ type: 'integer', example: 9 })
  figures: number;
  /** Of all figures together. */
  @ApiProperty({ type: 'integer', example: 99 })
  bits: number;
}

export class LedgerEntryDto {
  /** Its number. Numbers of other datasets' entries are missing. */
  @ApiProperty({ type: 'integer', example: 42 })
  seq: number;
  @ApiProperty({ format: 'date-time' })
  opened_at: string;
  @ApiProperty({ example: 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  chain_id: string;
  @ApiProperty({ example: 'correlate' })
  task_id: string;
  @ApiProperty({ example: 'pearson_correlation' })
  task_type: string;
  /** The parties that learned it. */
  @ApiProperty({ type: [String], example: ['bank-b'] })
  to: string[];
  /** The versions that went in, `<name>@<version>`. */
  @ApiProperty({ type: [String], example: ['customers@3'] })
  versions: string[];
  /** The parties of a sum, of which only the sum was opened. */
  @ApiProperty({ type: [String], nullable: true, example: ['bank-a', 'bank-b', 'bank-c'] })
  members: string[] | null;
  /** What was opened besides figures about columns, and is not charged: how many predictions, or keys. Null where it is nothing. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    nullable: true,
    example: { predictions: 569 },
  })
  counts: Record<string, number> | null;
  /** Whether somebody else than the owner chose the rows, by `psi` or to be predicted. */
  @ApiProperty({ example: false })
  chosen: boolean;
  /** By column; null for admins of no party. */
  @ApiProperty({ type: [LedgerColumnDto], nullable: true })
  columns: LedgerColumnDto[] | null;
  /** Of all columns together. */
  @ApiProperty({ type: 'integer', example: 99 })
  bits: number;
  /** Of all figures together, where they are differentially private; null where they are not. */
  @ApiProperty({ type: Number, nullable: true, example: 0.5 })
  epsilon: number | null;
}

export class LedgerPageDto {
  @ApiProperty({ type: [LedgerEntryDto] })
  items: LedgerEntryDto[];
  /** Pass as `before` for the next page; null on the last page. */
  @ApiProperty({ type: Number, nullable: true, example: 17 })
  next_before: number | null;
  /** `site`: the party has, or had, a site of its own; what was opened there is in its ledger, and not among these. */
  @ApiProperty({ enum: KEPT_AT, enumName: 'KeptAt', example: 'worker' })
  kept_at: KeptAt;
}

export class OpeningDto extends LedgerEntryDto {
  /** The party whose data it was. */
  @ApiProperty({ example: 'bank-a' })
  party: string;
  /** Its dataset, without a version. */
  @ApiProperty({ example: 'customers' })
  dataset: string;
}

export class OpeningListDto {
  @ApiProperty({ type: [OpeningDto] })
  items: OpeningDto[];
  /** `site`: the task ran at the sites of its parties; what it opened is in their ledgers, and not among these. */
  @ApiProperty({ enum: KEPT_AT, enumName: 'KeptAt', example: 'worker' })
  kept_at: KeptAt;
}

export class TypeOpeningsDto {
  @ApiProperty({ example: 'psi' })
  task_type: string;
  @ApiProperty({ type: 'integer', example: 4 })
  openings: number;
  /** The newest one. */
  @ApiProperty({ format: 'date-time' })
  last_opened_at: string;
}

export class BudgetDto {
  /** `bits` of figures about any one column, `sums` of buckets that any one party may ask for, `epsilon` of all figures together. */
  @ApiProperty({ enum: ['bits', 'sums', 'epsilon'], enumName: 'BudgetKind', example: 'bits' })
  kind: 'bits' | 'sums' | 'epsilon';
  /** What the policy allows; null where it sets none. */
  @ApiProperty({ type: Number, nullable: true, example: 200 })
  limit: number | null;
  /** Of the column, or to the party, with most. */
  @ApiProperty({ type: Number, example: 105 })
  opened: number;
  /** null where the policy sets no limit. */
  @ApiProperty({ type: Number, nullable: true, example: 95 })
  left: number | null;
  /** The column, which keys of the party alone read, or the party. `*` stands for columns that steps made. */
  @ApiProperty({ type: String, nullable: true, example: 'defaulted' })
  of: string | null;
}

export class DatasetAccountDto {
  @ApiProperty({ example: 'bank-a' })
  party: string;
  @ApiProperty({ example: 'customers' })
  name: string;
  /** How often something was opened. */
  @ApiProperty({ type: 'integer', example: 5 })
  openings: number;
  /** The most frequent first. */
  @ApiProperty({ type: [TypeOpeningsDto] })
  by_task_type: TypeOpeningsDto[];
  @ApiProperty({ type: [BudgetDto] })
  budgets: BudgetDto[];
  /** Nothing is allowed by the policy from then on; null where there is none. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  policy_expires_at: string | null;
  /** `site`: the party has, or had, a site of its own; what was opened there does not count here, so less may be left. */
  @ApiProperty({ enum: KEPT_AT, enumName: 'KeptAt', example: 'worker' })
  kept_at: KeptAt;
}

/** The query of a dataset's ledger. */
export class LedgerQueryDto {
  /** Only entries before this number. */
  @QueryNumber(1, Number.MAX_SAFE_INTEGER)
  before?: number;
  /** Maximum number of items. */
  @QueryNumber(1, 200, { default: 50 })
  limit?: number;
}

export class ApprovalDto {
  @ApiProperty({ example: 'chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11' })
  chain_id: string;
  @ApiProperty({ example: 'psi' })
  task_id: string;
  @ApiProperty({ example: 'psi' })
  task_type: string;
  /** The party whose owner decides. */
  @ApiProperty({ example: 'bank-a' })
  party: string;
  /** The whole that it is part of, which a standing approval can cover: `schedule:<id>`, or `chain:<id>` of the outermost chain around it. */
  @ApiProperty({ example: 'schedule:schedule-5b8d7c1a-2f0e-4a57-9a0e-6f2f7f5a9b10' })
  origin: string;
  /** Hash of the canonical task: what an approval signs. */
  @ApiProperty({ example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  hash: string;
  /** The task as it was written. `hash` is the hash of its canonical JSON. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { kind: 'task', task_id: 'psi' } })
  task: object;
  /** What runs the task. */
  @ApiProperty({ example: 'native' })
  engine: string;
  /** What leaves each party. */
  @ApiProperty({ example: 'Blinded keys; the receiver learns the intersection.' })
  leaves: string;
  @ApiProperty({ example: 'RETRYING' })
  status: string;
  /** The datasets of the party that it names. Files that other tasks made of datasets are not looked through. */
  @ApiProperty({ type: [String], example: ['dataset:bank-a/customers@3'] })
  datasets: string[];
  /** How the owner states approvals, as the party's process said when the task asked: `signed` with the owner's key, or by the `server`. null until then. */
  @ApiProperty({ enum: ['signed', 'server'], enumName: 'ApprovalsWay', nullable: true, example: 'signed' })
  approvals: string | null;
  /** Why no policy covers it; null until the task has asked. */
  @ApiProperty({ type: String, nullable: true, example: 'Party bank-a: customers: the dataset has no policy.' })
  reasons: string | null;
  /** When the task asked last; null until then. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  asked_at: string | null;
  /** The newest decision of the owner: `approve`, `refuse` or `withdraw`; null if the owner has not decided, or if the approval has expired. */
  @ApiProperty({ type: String, nullable: true, example: 'approve' })
  decision: string | null;
  /** What the decision came with: a `signature`, which the workers check and the server does not, or the word of the `server` for a person of the party. That counts only where `approvals` is `server`. */
  @ApiProperty({ enum: ['signature', 'server'], enumName: 'SignedBy', nullable: true, example: 'signature' })
  signed_by: string | null;
}

export class ApprovalListDto {
  @ApiProperty({ type: [ApprovalDto] })
  items: ApprovalDto[];
}
