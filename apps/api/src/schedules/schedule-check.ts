import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isObject, pointer, quoted, type InputFault } from '#libs/chain-domain';
import { ScheduleRepository, type Database, type ScheduleFields, type ScheduleView } from '#libs/repositories';
import { callerOf, partyOf } from '../auth/caller.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { readChainOf } from '../chains/creating/read-chain-of.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { faultsOfAny, placeInTemplate } from '../templates/template-faults.js';
import { TemplateReader } from '../templates/template-reader.js';
import { isoOf, nextDueTimes } from './due-times.js';
import { bodyOf } from './schedule-body.js';
import { fieldsOfSchedule, requireNone } from './schedule-faults.js';
import { noSchedule } from './schedule-reader.js';
import { namesEvent } from './schedule-words.js';
import type { NewScheduleDto, SchedulePreviewDto } from './schedules.dto.js';

const PREVIEWED = 10;
/** Schedules of a tenant that ends of chains start at most: each end is held against all of them. */
const MOST_ON_CHAIN_END = 100;

/** Looks at what a caller gives of a schedule: its times, and the chain that it would make now. */
@Injectable()
export class ScheduleCheck {
  constructor(
    private readonly schedules: ScheduleRepository,
    private readonly templates: TemplateReader,
    private readonly catalogue: Catalogue,
    private readonly directory: TenantDirectory,
  ) {}

  /** Throws a problem with all faults of the times, or of the chain. */
  async faultless(
    reads: Database,
    body: NewScheduleDto,
    reply: FastifyReply,
    was?: ScheduleView,
  ): Promise<ScheduleFields> {
    const now = await this.schedules.now(reads);
    const fields = fieldsOfSchedule(body, ownerOf(reply), now, was);
    await this.requireSource(reads, fields, was?.schedule_id);
    const { errors } = await this.chainOf(reads, fields, now, reply);
    if (errors.length === 0) return fields;
    const detail = errors.length === 1 ? errors[0]!.message : `The chain has ${errors.length} faults: see errors.`;
    throw new Problem('INVALID_CHAIN', detail, { errors });
  }

  async preview(reads: Database, body: NewScheduleDto, reply: FastifyReply): Promise<SchedulePreviewDto> {
    const now = await this.schedules.now(reads);
    const fields = fieldsOfSchedule(body, ownerOf(reply), now);
    const next_due_times = nextDueTimes(fields, now, PREVIEWED).map(isoOf);
    return { next_due_times, ...(await this.chainOf(reads, fields, now, reply)) };
  }

  /** Throws what is wrong with the chains whose ends start it. */
  private async requireSource(
    reads: Database,
    { on_chain_end: end }: ScheduleFields,
    id: string | undefined,
  ): Promise<void> {
    if (end === null) return;
    if (end.template_id !== undefined) await this.templates.find(reads, end.template_id);
    if (end.schedule_id !== undefined) {
      const from = isId(end.schedule_id) ? await this.schedules.find(reads, end.schedule_id) : undefined;
      if (from === undefined) throw noSchedule(end.schedule_id);
      if (from.schedule_id === id) {
        const message = 'A schedule is not started by its own chains.';
        requireNone([{ code: 'INVALID_VALUE', pointer: '/on_chain_end/schedule_id', message }]);
      }
    }
    if ((await this.schedules.countOnChainEnd(reads, id ?? '')) < MOST_ON_CHAIN_END) return;
    const message = `Ends of chains start at most ${MOST_ON_CHAIN_END} schedules of a tenant.`;
    throw new Problem('TOO_MANY_SCHEDULES', message);
  }

  private async chainOf(reads: Database, fields: ScheduleFields, now: number, reply: FastifyReply) {
    // What an event says is known when it comes: until then only the other values are.
    const known = Object.entries(fields.params).filter(([, value]) => !namesEvent(value));
    const later = Object.keys(fields.params).filter((name) => namesEvent(fields.params[name]));
    const { body } = await bodyOf(
      reads,
      this.templates,
      { ...fields, params: Object.fromEntries(known) },
      isoOf(now),
      null,
    );
    const author = { actor: callerOf(reply).actor, ...partyOf(reply) };
    const engines = await this.directory.enginesOf(reads.tenant!);
    const { reading, approvals } = await readChainOf(author, reads, body, this.catalogue, engines);
    const faults = reading.ok ? [] : faultsOfAny(body, reading.faults, later);
    const errors = [...undeclared(body, later), ...faults.map((fault) => placeInTemplate(fault, {}))];
    return {
      errors,
      chain: reading.ok ? reading.chain.config : null,
      approvals: approvals.map(({ reasons, ...each }) => ({ ...each, reasons: [...reasons] })),
    };
  }
}

function undeclared({ params }: Readonly<Record<string, unknown>>, names: readonly string[]): InputFault[] {
  const properties = isObject(params) && isObject(params['properties']) ? params['properties'] : {};
  return names
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => ({
      code: 'UNKNOWN_FIELD',
      pointer: pointer('params', name),
      message: `${quoted(name)} is no parameter of the chain: an event gives values to declared ones alone.`,
    }));
}

/** Whose rights the schedule has. Throws FORBIDDEN for a token of the issuer: nobody would notice that its user has left. */
function ownerOf(reply: FastifyReply): string {
  const { actor } = callerOf(reply);
  if (actor === 'admin key' || actor?.startsWith('key:') === true) return actor;
  throw new Problem(
    'FORBIDDEN',
    'A schedule runs with the rights of a key, for as long as the key counts: save it with an API key, not with a token of the issuer.',
  );
}
