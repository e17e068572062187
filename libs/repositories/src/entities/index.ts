import { ApiKey } from './api-key.entity.js';
import { Artifact } from './artifact.entity.js';
import { AuditEntry } from './audit-entry.entity.js';
import { ChainTask } from './chain-task.entity.js';
import { Duty } from './duty.entity.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { NodeInvitation } from './node-invitation.entity.js';
import { Opening } from './opening.entity.js';
import { PartyNode } from './party-node.entity.js';
import { PartyStatement } from './party-statement.entity.js';
import { Party } from './party.entity.js';
import { ScheduleTick } from './schedule-tick.entity.js';
import { Schedule } from './schedule.entity.js';
import { Secret } from './secret.entity.js';
import { Session } from './session.entity.js';
import { Signal } from './signal.entity.js';
import { TaskAttempt } from './task-attempt.entity.js';
import { TaskChain } from './task-chain.entity.js';
import { TaskLog } from './task-log.entity.js';
import { TemplateVersion } from './template-version.entity.js';
import { Template } from './template.entity.js';
import { Tenant } from './tenant.entity.js';
import { WebhookDelivery } from './webhook-delivery.entity.js';
import { Webhook } from './webhook.entity.js';

/** Every entity: an explicit list, since globs break in ESM. */
export const ENTITIES = [
  ApiKey,
  Artifact,
  AuditEntry,
  ChainTask,
  Duty,
  IdempotencyKey,
  NodeInvitation,
  Opening,
  Party,
  PartyNode,
  PartyStatement,
  Schedule,
  ScheduleTick,
  Secret,
  Session,
  Signal,
  TaskAttempt,
  TaskChain,
  TaskLog,
  Template,
  TemplateVersion,
  Tenant,
  WebhookDelivery,
  Webhook,
];
