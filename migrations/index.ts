import { Chains1764028800001 } from './0001-chains.js';
import { StatusChannel1764028800002 } from './0002-status-channel.js';
import { AuditLog1764028800003 } from './0003-audit-log.js';
import { IdempotencyScope1764028800004 } from './0004-idempotency-scope.js';
import { ApiKeys1764028800005 } from './0005-api-keys.js';
import { Tenants1764028800006 } from './0006-tenants.js';
import { ConcurrencyGroups1764028800007 } from './0007-concurrency-groups.js';
import { DeletedWebhooks1764028800008 } from './0008-deleted-webhooks.js';
import { QueueTimeline1764028800009 } from './0009-queue-timeline.js';
import { Secrets1764028800010 } from './0010-secrets.js';
import { Parties1764028800011 } from './0011-parties.js';
import { Approvals1764028800012 } from './0012-approvals.js';
import { Withdrawals1764028800013 } from './0013-withdrawals.js';
import { RefusedKeys1764028800014 } from './0014-refused-keys.js';
import { PartyResults1764028800015 } from './0015-party-results.js';
import { SecretUses1764028800016 } from './0016-secret-uses.js';
import { Openings1764028800017 } from './0017-openings.js';
import { Clock1764028800018 } from './0018-clock.js';
import { WaitingTasks1764028800019 } from './0019-waiting-tasks.js';
import { Labels1764028800020 } from './0020-labels.js';
import { Outputs1764028800021 } from './0021-outputs.js';
import { Sessions1764028800022 } from './0022-sessions.js';
import { Templates1764028800023 } from './0023-templates.js';
import { Catalogue1764028800024 } from './0024-catalogue.js';
import { Ends1764028800025 } from './0025-ends.js';
import { ControlTasks1764028800026 } from './0026-control-tasks.js';
import { Schedules1764028800027 } from './0027-schedules.js';
import { Compensations1764028800028 } from './0028-compensations.js';
import { ScheduleEvents1764028800029 } from './0029-schedule-events.js';
import { Children1764028800030 } from './0030-children.js';
import { Signals1764028800031 } from './0031-signals.js';
import { RetriedInstances1764028800032 } from './0032-retried-instances.js';
import { ReservedTasks1764028800033 } from './0033-reserved-tasks.js';
import { Nodes1764028800034 } from './0034-nodes.js';
import { TriedSince1764028800035 } from './0035-tried-since.js';
import { TenantEngines1764028800036 } from './0036-tenant-engines.js';
import { NodeConnections1764028800037 } from './0037-node-connections.js';
import { NodeConnectionRows1764028800038 } from './0038-node-connection-rows.js';
import { NodeOffers1764028800039 } from './0039-node-offers.js';
import { CurrentOffers1764028800040 } from './0040-current-offers.js';
import { OpeningsOfTasks1764028800041 } from './0041-openings-of-tasks.js';
import { VotesOfSites1764028800042 } from './0042-votes-of-sites.js';
import { RelayedSites1764028800043 } from './0043-relayed-sites.js';
import { RoundTripsOfSites1764028800044 } from './0044-round-trips-of-sites.js';
import { RowsOfAChain1764028800045 } from './0045-rows-of-a-chain.js';
import { OffersOfATask1764028800046 } from './0046-offers-of-a-task.js';

/** Every migration in order: an explicit list, since globs break in ESM and bundles. A landed one is never edited. */
export const migrations = [
  Chains1764028800001,
  StatusChannel1764028800002,
  AuditLog1764028800003,
  IdempotencyScope1764028800004,
  ApiKeys1764028800005,
  Tenants1764028800006,
  ConcurrencyGroups1764028800007,
  DeletedWebhooks1764028800008,
  QueueTimeline1764028800009,
  Secrets1764028800010,
  Parties1764028800011,
  Approvals1764028800012,
  Withdrawals1764028800013,
  RefusedKeys1764028800014,
  PartyResults1764028800015,
  SecretUses1764028800016,
  Openings1764028800017,
  Clock1764028800018,
  WaitingTasks1764028800019,
  Labels1764028800020,
  Outputs1764028800021,
  Sessions1764028800022,
  Templates1764028800023,
  Catalogue1764028800024,
  Ends1764028800025,
  ControlTasks1764028800026,
  Schedules1764028800027,
  Compensations1764028800028,
  ScheduleEvents1764028800029,
  Children1764028800030,
  Signals1764028800031,
  RetriedInstances1764028800032,
  ReservedTasks1764028800033,
  Nodes1764028800034,
  TriedSince1764028800035,
  TenantEngines1764028800036,
  NodeConnections1764028800037,
  NodeConnectionRows1764028800038,
  NodeOffers1764028800039,
  CurrentOffers1764028800040,
  OpeningsOfTasks1764028800041,
  VotesOfSites1764028800042,
  RelayedSites1764028800043,
  RoundTripsOfSites1764028800044,
  RowsOfAChain1764028800045,
  OffersOfATask1764028800046,
];
