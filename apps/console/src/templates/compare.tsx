import { useQuery } from '@tanstack/react-query';
import { Alert, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import type { ChainDiffDto, PartChangeDto, TaskDiffDto, ValueChangeDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Drawing, SIGNS } from './drawing.js';

/** Longer values are cut: the whole is in the designer. */
const LONGEST = 600;

/** What is compared: two versions of a template, or a chain with one of them. */
export type Compared =
  { readonly from: string | undefined; readonly to: string | undefined } | { readonly chain: string };

/** How one chain became another: drawn, and each change with its values. */
export function Compare({ templateId, of }: { templateId: string; of: Compared }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['template', templateId, 'diff', of],
    queryFn: ({ signal }) =>
      'chain' in of
        ? api.diffChainAndTemplate({ path: { chain_id: of.chain }, signal })
        : api.diffTemplateVersions({ path: { template_id: templateId }, query: defined(of), signal }),
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  const diff = query.data;
  const to = diff.to_version === null ? t('templates.theChain') : t('templates.version', { number: diff.to_version });
  return (
    <>
      <p role="status">
        {t('templates.compared', { from: t('templates.version', { number: diff.from_version }), to })}{' '}
        <Counts of={diff} />
      </p>
      {diff.same && <Alert type="success" showIcon title={t('templates.sameMeaning')} />}
      <Drawing
        tasks={diff.tasks}
        edges={diff.edges}
        open={(task) => document.getElementById(`change-${task}`)?.scrollIntoView({ block: 'center' })}
      />
      {diff.chain.length > 0 && (
        <>
          <h2>{t('templates.ofChain')}</h2>
          <Changes of={diff.chain} />
        </>
      )}
      {diff.tasks
        .filter(({ change }) => change !== 'same')
        .map((task) => (
          <TaskChanges key={task.task_id} of={task} />
        ))}
      <EdgeChanges of={diff} />
    </>
  );
}

const defined = ({ from, to }: { from: string | undefined; to: string | undefined }) => ({
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});

function Counts({ of: { tasks, edges } }: { of: ChainDiffDto }) {
  const { t } = useTranslation();
  const kinds = (['added', 'removed', 'renamed', 'changed'] as const).flatMap((change) => {
    const count = tasks.filter((each) => each.change === change).length;
    return count === 0 ? [] : [{ change, count }];
  });
  const lines = edges.filter(({ change }) => change !== 'same').length;
  return (
    <>
      {kinds.map(({ change, count }) => (
        <span key={change} className={`change change-${change}`}>
          {SIGNS[change]} {t(`templates.counts.${change}`, { count })}{' '}
        </span>
      ))}
      {lines > 0 && <span className="dim">{t('templates.counts.edges', { count: lines })}</span>}
    </>
  );
}

function TaskChanges({ of }: { of: TaskDiffDto }) {
  const { t } = useTranslation();
  const { change, renamed_from: before, likeness } = of;
  return (
    <section id={`change-${of.task_id}`}>
      <h2>
        <span className={`change change-${change}`}>
          {SIGNS[change]} {t(`templates.changes.${change}`)}
        </span>{' '}
        <Name text={of.task_name || of.task_id} /> <code>{shownText(of.task_type, 60)}</code>
      </h2>
      {before !== null && (
        <p>{t('templates.renamedFrom', { before: shownText(before), share: Math.round((likeness ?? 1) * 100) })}</p>
      )}
      <Changes of={of.changes} />
    </section>
  );
}

function EdgeChanges({ of }: { of: ChainDiffDto }) {
  const { t } = useTranslation();
  const changed = of.edges.filter(({ change }) => change !== 'same');
  if (changed.length === 0) return null;
  return (
    <>
      <h2>{t('templates.ofEdges')}</h2>
      {changed.map(({ from, to, change, changes }) => (
        <div key={JSON.stringify([from, to])}>
          <p>
            <span className={`change change-${change}`}>
              {SIGNS[change]} {t(`templates.changes.${change}`)}
            </span>{' '}
            {t('designer.edge', { from: shownText(from), to: shownText(to) })}
          </p>
          <Changes of={changes} />
        </div>
      ))}
    </>
  );
}

function Changes({ of }: { of: readonly (PartChangeDto | ValueChangeDto)[] }) {
  const { t } = useTranslation();
  if (of.length === 0) return null;
  return (
    <ul className="values">
      {of.map((each) => (
        <li key={each.pointer + each.change}>
          <code>{shownText(each.pointer, 200)}</code>{' '}
          <span className="dim">
            {'part' in each && t(`templates.parts.${each.part}`)}
            {each.change === 'filled' && ` ${t('templates.changes.filled')}`}
          </span>
          {each.change !== 'added' && <Value of={each.before} sign="−" />}
          {each.change !== 'removed' && <Value of={each.after} sign="+" />}
        </li>
      ))}
    </ul>
  );
}

function Value({ of, sign }: { of: unknown; sign: '+' | '−' }) {
  const text = `${sign} ${shownText(JSON.stringify(of) ?? 'null', LONGEST)}`;
  return sign === '+' ? <ins className="value">{text}</ins> : <del className="value">{text}</del>;
}
