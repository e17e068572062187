import type { Command } from 'commander';
import type { TemplateVersionDto, UsedTemplateDto } from '#client';
import { differenceLines, differenceMermaid, type DifferenceView } from '#libs/chain-view';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { ageOf } from '../times.js';
import { addTemplateMaking } from './template-making.js';

interface ListFlags {
  readonly query?: string;
  readonly tag?: string;
}

const CHAIN_ID = /^chain-[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** templates ls, show, versions, diff, copy, label, rollback, rm and restore, and those of addTemplateMaking. */
export function addTemplateCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const templates = program.command('templates').helpCommand(false).description(say('chains that others are made of'));
  const on = (name: string, description: string) =>
    templates.command(name).description(description).argument('<template>', say('id of a template'));
  templates
    .command('ls')
    .description(say('list templates, those that changed last first'))
    .option('-q, --query <words>', say('only those with these words in title, description or tags'))
    .option('--tag <tag>', say('only those with this tag'))
    .action(act((flags: ListFlags) => list(flags, session)));
  on('show', say('show a template, or the chain of a version'))
    .argument('[version]', say('a label or number'))
    .action(
      act(async (template_id: string, version?: string) => {
        if (version === undefined) {
          const found = await session.client.getTemplate({
            path: { template_id },
          });
          return session.answer(found, () => templateLines(found));
        }
        const found = await session.client.getTemplateVersion({
          path: { template_id, version },
        });
        session.answer(found.chain, () => [JSON.stringify(found.chain, null, 2)]);
      }),
    );
  on('versions', say('list the versions of a template, the newest first')).action(
    act(async (template_id: string) => {
      const { items } = await session.client.listTemplateVersions({
        path: { template_id },
      });
      session.answer(items, () => versionTable(items, session));
    }),
  );
  templates
    .command('diff')
    .description(say('compare two versions of a template, or a chain with its template'))
    .argument('<template-or-chain>', say('id of a template or of a chain that was made of one'))
    .argument('[from]', say('a label or number; by default the default version, or the one that the chain is of'))
    .argument('[to]', say('a label or number; by default the newest'))
    .option('--mermaid', say('both in one picture, in colours'))
    .action(
      act(async (id: string, from: string | undefined, to: string | undefined, flags: { mermaid?: true }) => {
        const found = (await (CHAIN_ID.test(id)
          ? session.client.diffChainAndTemplate({
              path: { chain_id: id },
              query: { version: from },
            })
          : session.client.diffTemplateVersions({
              path: { template_id: id },
              query: { from, to },
            }))) as DifferenceView;
        if (flags.mermaid) session.shell.stdout.write(differenceMermaid(found));
        else session.answer(found, () => differenceLines(found));
      }),
    );
  on('copy', say('make a template of your own of one'))
    .argument('[version]', say('a label or number'))
    .option('--title <title>', say('its title'))
    .action(
      act(async (template_id: string, version: string | undefined, { title }: { title?: string }) => {
        const made = await session.client.copyTemplate({
          path: { template_id },
          body: { version, title },
        });
        session.answer(made, () => [say('created {id}', { id: made.template_id })]);
      }),
    );
  on('label', say('point a label, such as production, to a version'))
    .argument('<label>', say('the label'))
    .argument('<version>', say('its number, or none'))
    .action(
      act(async (template_id: string, label: string, version: string) => {
        const body = { version: version === 'none' ? null : Number(version) };
        const changed = await session.client.putTemplateLabel({
          path: { template_id, label },
          body,
        });
        session.answer(changed, () => [`${template_id}: ${labelsOf(changed)}`]);
      }),
    );
  on('rollback', say('make a new version of an old one'))
    .argument('<version>', say('a label or number'))
    .option('--note <note>', say('why'))
    .action(
      act(async (template_id: string, version: string, { note }: { note?: string }) => {
        const changed = await session.client.restoreTemplateVersion({
          path: { template_id, version },
          body: { note },
        });
        session.answer(changed, () => [say('{id} has a new version.', { id: template_id })]);
      }),
    );
  on('rm', say('remove a template; for a day it can be restored'))
    .requiredOption('--confirm <template>', say('the id again'))
    .action(
      act(async (template_id: string, { confirm }: { confirm: string }) => {
        const removed = await session.client.deleteTemplate({
          path: { template_id },
          query: { confirm },
        });
        session.answer(removed, () => [
          say('{id} is removed. Until {time} it can be restored: task-chain templates restore {id}', {
            id: template_id,
            time: removed.restorable_until,
          }),
        ]);
      }),
    );
  on('restore', say('restore a template within a day after it was removed')).action(
    act(async (template_id: string) => {
      const restored = await session.client.restoreTemplate({
        path: { template_id },
      });
      session.answer(restored, () => [say('{id} is restored.', { id: template_id })]);
    }),
  );
  addTemplateMaking(templates, session, act);
}

async function list({ query: q, tag }: ListFlags, session: Session): Promise<void> {
  const found: UsedTemplateDto[] = [];
  for (let page = 1, more = true; more; page++) {
    const answer = await session.client.listTemplates({
      query: { q, tag, page, page_size: 200 },
    });
    found.push(...answer.items);
    more = answer.has_more;
  }
  session.answer(found, () =>
    session.table(
      [
        ['TEMPLATE', (each) => each.template_id],
        ['VERSION', (each) => each.default_version],
        ['CHAINS', (each) => each.chains],
        ['SUCCESS', (each) => shareOf(each)],
        ['CHANGED', (each) => ageOf(each.updated_at)],
        ['TITLE', (each) => each.title],
        ['TENANT', (each) => each.tenant_id, 'wide'],
        ['TAGS', (each) => each.tags.join(' '), 'wide'],
        ['LABELS', labelsOf, 'wide'],
      ],
      found,
    ),
  );
}

const shareOf = ({ success_rate: rate }: UsedTemplateDto): string | null =>
  rate === null ? null : `${Math.floor(rate * 100)}%`;

const labelsOf = ({ labels }: Pick<UsedTemplateDto, 'labels'>): string =>
  Object.entries(labels)
    .map(([label, version]) => `${label}=${version}`)
    .join(' ');

function templateLines(template: UsedTemplateDto): string[] {
  return pairsOf([
    ['template', template.template_id],
    ['title', template.title],
    ['description', template.description],
    ['tags', template.tags.join(' ')],
    ['tenant', template.tenant_id],
    ['shared with', template.shared_with.join(' ')],
    ['labels', labelsOf(template)],
    ['default', template.default_version === null ? null : String(template.default_version)],
    ['chains', String(template.chains)],
    ['success', shareOf(template)],
    ['created', template.created_at],
    ['by', template.created_by],
    ['changed', template.updated_at],
  ]);
}

function versionTable(items: readonly TemplateVersionDto[], session: Session): string[] {
  return session.table(
    [
      ['VERSION', (each) => each.number],
      ['AGE', (each) => ageOf(each.created_at)],
      ['BY', (each) => each.created_by],
      ['NOTE', (each) => each.note],
      ['HASH', (each) => each.hash, 'wide'],
    ],
    items,
  );
}
