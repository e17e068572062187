import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AuditRepository, TemplateRepository, type Queryable, type TemplateView } from '#libs/repositories';
import { callerOf } from '../auth/caller.js';
import { Problem } from '../http/problem.js';
import { hashOfChain } from './template-faults.js';
import { templateTag } from './template-reader.js';

/** Templates of a tenant at most, deleted ones too while they can be restored. */
const MOST_TEMPLATES = 1_000;

/** Title, description and the like of a template, and the chain of its first version. */
export interface TemplateDraft {
  readonly title: string;
  readonly description: string;
  readonly tags: string[];
  readonly shared_with: string[];
  readonly chain: Record<string, unknown>;
  readonly note: string | null;
}

/** Makes templates of the tenant's own, from nothing or from others'. */
@Injectable()
export class TemplateMaker {
  constructor(
    private readonly templates: TemplateRepository,
    private readonly audit: AuditRepository,
  ) {}

  /** Throws TOO_MANY_TEMPLATES. `more` goes into the audit log. */
  async make(
    db: Queryable,
    { chain, note, ...fields }: TemplateDraft,
    reply: FastifyReply,
    action: string,
    more: object = {},
  ): Promise<TemplateView> {
    await this.templates.lock(db);
    if ((await this.templates.count(db)) >= MOST_TEMPLATES) {
      const message = `A tenant has at most ${MOST_TEMPLATES} templates: delete some; their room is free a day later.`;
      throw new Problem('TOO_MANY_TEMPLATES', message);
    }
    const caller = callerOf(reply);
    const template_id = `template-${randomUUID()}`;
    const by = { template_id, created_by: caller.actor };
    const template = await this.templates.insert(db, { ...fields, ...by });
    const hash = hashOfChain(chain);
    await this.templates.insertVersion(db, { ...by, number: 1, chain, hash, note });
    const details = { title: fields.title, hash, shared_with: fields.shared_with, ...more };
    await this.audit.record(db, { ...caller, action, target: template_id, details });
    reply.header('ETag', templateTag(template)).header('Location', `/api/v1/templates/${template_id}`);
    return template;
  }
}
