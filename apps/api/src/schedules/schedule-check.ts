import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { InputFault } from '#libs/chain-domain';
import { ScheduleRepository, type Database, type ScheduleFields, type ScheduleView } from '#libs/repositories';
import { callerOf, partyOf } from '../auth/caller.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { readChainOf } from '../chains/creating/read-chain-of.js';
import { Problem } from '../http/problem.js';
import { placeInTemplate } from '../templates/template-faults.js';
import { TemplateReader } from '../templates/template-reader.js';
import { isoOf, nextDueTimes } from './due-times.js';
import { bodyOf } from './schedule-body.js';
import { fieldsOfSchedule } from './schedule-faults.js';
import type { NewScheduleDto, SchedulePreviewDto } from './schedules.dto.js';

const PREVIEWED = 10;

/** Looks at what a caller gives of a schedule: its times, and the chain that it would make now. */
@Injectable()
export class ScheduleCheck {
  constructor(
    private readonly schedules: ScheduleRepository,
    private readonly templates: TemplateReader,
    private readonly catalogue: Catalogue,
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

  private async chainOf(reads: Database, fields: ScheduleFields, now: number, reply: FastifyReply) {
    const { body } = await bodyOf(reads, this.templates, fields, isoOf(now));
    const author = { actor: callerOf(reply).actor, ...partyOf(reply) };
    const { reading, approvals } = await readChainOf(author, reads, body, this.catalogue);
    const errors: InputFault[] = reading.ok ? [] : reading.faults.map((fault) => placeInTemplate(fault, {}));
    return {
      errors,
      chain: reading.ok ? reading.chain.config : null,
      approvals: approvals.map(({ reasons, ...each }) => ({ ...each, reasons: [...reasons] })),
    };
  }
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
