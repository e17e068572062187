import { Injectable } from '@nestjs/common';
import { quoted } from '#libs/chain-domain';
import {
  TemplateRepository,
  type Database,
  type Queryable,
  type TemplateVersionView,
  type TemplateView,
  type WholeTemplateVersion,
} from '#libs/repositories';
import { chainTag, versionsOf } from '../http/entity-tag.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import type { TemplateDto, TemplateVersionDto, UsedTemplateDto } from './templates.dto.js';

/** Finds templates and versions by what paths and bodies name. Throws NOT_FOUND problems. */
@Injectable()
export class TemplateReader {
  constructor(private readonly templates: TemplateRepository) {}

  async find(db: Queryable, id: string): Promise<TemplateView> {
    const template = isId(id) ? await this.templates.find(db, id) : undefined;
    if (template === undefined) throw noTemplate(id);
    return template;
  }

  /** A template that the tenant may change, as If-Match knows it. */
  async own(db: Queryable, tenant: string, id: string, ifMatch?: string): Promise<TemplateView> {
    const template = await this.find(db, id);
    if (template.tenant_id !== tenant) {
      throw new Problem('FORBIDDEN', 'The template belongs to another tenant: make your own of its chain.');
    }
    if (versionsOf(ifMatch, false)?.has(template.revision) === false) throw hasChanged(template);
    return template;
  }

  /** The version of this number or label; without one the default. Of others' templates only versions with a label can be read. */
  async version(db: Queryable, tenant: string, template: TemplateView, word?: string): Promise<WholeTemplateVersion> {
    const { labels } = template;
    const number =
      word === undefined
        ? defaultVersion(template, tenant)
        : Object.hasOwn(labels, word)
          ? labels[word]
          : /^[1-9]\d{0,3}$/.test(word)
            ? Number(word)
            : undefined;
    const found = number == null ? undefined : await this.templates.version(db, template.template_id, number);
    if (found !== undefined) return found;
    const named = Object.keys(labels).join(', ');
    throw new Problem(
      'NOT_FOUND',
      `The template has no version ${word === undefined ? 'yet that you may read' : quoted(word)}.${named && ` Its labels are ${named}.`}`,
    );
  }

  /** Templates as the tenant of `db` sees and uses them. */
  async used(db: Database, templates: readonly TemplateView[]): Promise<UsedTemplateDto[]> {
    const found = await this.templates.uses(
      db,
      templates.map(({ template_id: id }) => id),
    );
    const uses = new Map(found.map((use) => [use.template_id, use]));
    return templates.map((template) => {
      const { chains = 0, ended = 0, succeeded = 0 } = uses.get(template.template_id) ?? {};
      return { ...templateDto(template, db.tenant!), chains, success_rate: ended === 0 ? null : succeeded / ended };
    });
  }
}

/** What chains are made of where no version is named; null: nothing that the reader may see. */
function defaultVersion(template: TemplateView, tenant: string): number | null {
  const { labels, latest_version: latest, tenant_id: owner } = template;
  if (Object.hasOwn(labels, 'production')) return labels['production']!;
  return owner === tenant ? latest : Math.max(0, ...Object.values(labels)) || null;
}

export const templateTag = ({ revision }: TemplateView): string => chainTag(revision);

/** The template as a tenant sees it. */
export function templateDto(template: TemplateView, tenant: string): TemplateDto {
  const { latest_version: _latest, revision: _revision, ...shown } = template;
  const isOwn = template.tenant_id === tenant;
  return {
    ...shown,
    shared_with: isOwn ? shown.shared_with : [],
    created_by: isOwn ? shown.created_by : null,
    default_version: defaultVersion(template, tenant),
  };
}

export function versionDto<V extends TemplateVersionView>(
  version: V,
  isOwn: boolean,
): Omit<V, 'template_id'> & TemplateVersionDto {
  const { template_id: _template, ...shown } = version;
  return { ...shown, created_by: isOwn ? version.created_by : null };
}

export function noTemplate(id: string): Problem {
  return new Problem('NOT_FOUND', `There is no template ${quoted(id)}.`);
}

export function hasChanged(template: TemplateView): Problem {
  return new Problem('PRECONDITION_FAILED', 'The template has changed since it was read: read it again.', {
    headers: { ETag: templateTag(template) },
  });
}
