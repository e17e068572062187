import { useQueries } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { LiveTask } from '#client';
import { api } from '../api.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Status } from '../view/status.js';
import { inputsOf, valueAt, type Input } from './input-references.js';

/** Inputs that are listed at a time: the result of each other task is a request. */
const STEP = 20;

interface InputsProps {
  readonly chainId: string;
  /** Of the task, with references as they were written. */
  readonly params: unknown;
  readonly tasks: readonly LiveTask[];
  readonly open: (task: string) => void;
}

/** What a task takes from elsewhere: the values that its references have by now, as far as the reader may see them. */
export function Inputs({ chainId, params, tasks, open }: InputsProps) {
  const { t } = useTranslation();
  const byId = useMemo(() => new Map(tasks.map((task) => [task.task_id, task])), [tasks]);
  const [most, setMost] = useState(STEP);
  const all = useMemo(() => inputsOf(params, new Set(byId.keys())), [params, byId]);
  const listed = all.slice(0, most);
  const named = [...new Set(listed.flatMap((each) => (each.kind === 'result' ? each.taskId : [])))];
  const results = useResults(
    chainId,
    named.map((id) => byId.get(id)!),
  );
  if (all.length === 0) return null;
  const valueOf = (of: Input) => {
    switch (of.kind) {
      case 'result':
        return <Value of={of} status={byId.get(of.taskId)!.status} result={results.get(of.taskId)} />;
      case 'partyResult':
        return t('task.sealedInput', { party: shownText(of.party, 80) });
      case 'secret':
        return t('task.secretInput');
      case 'artifact':
        return null;
      case 'dataset':
        return (
          <Link to={`/data/${encodeURIComponent(of.party)}/${encodeURIComponent(of.name)}`}>
            {t('task.datasetInput')}
          </Link>
        );
    }
  };
  return (
    <>
      <h2>{t('task.inputs')}</h2>
      <Rows
        rowKey={({ pointer, written }) => `${pointer} ${written}`}
        dataSource={listed}
        columns={[
          {
            title: t('task.where'),
            key: 'where',
            render: (_, { pointer }) => (
              <code className="wrap">{shownText(pointer.replace(/^\/task_config/, ''), 120)}</code>
            ),
          },
          {
            title: t('task.input'),
            key: 'input',
            render: (_, input) =>
              'taskId' in input && (!('chainId' in input) || input.chainId === chainId) ? (
                <Button type="link" size="small" className="wrap" onClick={() => open(input.taskId)}>
                  <Name text={input.written} />
                </Button>
              ) : (
                <Name text={input.written} className="wrap" />
              ),
          },
          { title: t('task.value'), key: 'value', render: (_, input) => valueOf(input) },
        ]}
      />
      {all.length > most && (
        <p>
          {t('task.moreInputs', { shown: most, count: all.length })}{' '}
          <Button size="small" onClick={() => setMost(most + STEP)}>
            {t('task.showMore', { count: Math.min(STEP, all.length - most) })}
          </Button>
        </p>
      )}
    </>
  );
}

interface ValueProps {
  readonly of: Input & { readonly kind: 'result' };
  readonly status: string;
  /** Null where it has none that the reader may see; undefined while it is not known. */
  readonly result: unknown;
}

function Value({ of, status, result }: ValueProps) {
  const { t } = useTranslation();
  if (result === undefined) return <Status of={status} />;
  if (result === null) return t('task.noInput', { status: t(`status.${status}`) });
  const value = valueAt(result, of.path);
  if (value === undefined) return <span className="fault">{t('task.leadsNowhere')}</span>;
  return <Name text={typeof value === 'string' ? value : JSON.stringify(value)} className="wrap" />;
}

/** The results of tasks by their ids. The list of tasks has them without what was opened to one party, which the audit log would count as read. */
function useResults(chain_id: string, tasks: readonly LiveTask[]): ReadonlyMap<string, unknown> {
  const found = useQueries({
    queries: tasks.map(({ task_id, status, attempt }) => ({
      queryKey: ['result', chain_id, task_id, status, attempt],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const query = { task_id, fields: 'result', page_size: 1 };
        const { items } = await api.listTasks({ path: { chain_id }, query, signal });
        return items[0]?.result ?? null;
      },
      staleTime: Infinity,
    })),
  });
  return new Map(tasks.map(({ task_id }, at) => [task_id, found[at]?.data]));
}
