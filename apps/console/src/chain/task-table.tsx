import { Empty, Input } from 'antd';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveTask } from '#client';
import { ManyRows } from '../view/many-rows.js';
import { Name } from '../view/name.js';
import { Status } from '../view/status.js';
import { duration, useNow } from '../view/times.js';
import { fits } from './fits.js';

/** The tasks of a chain as a table. */
export function TaskTable({ tasks, open }: { tasks: readonly LiveTask[]; open: (task: string) => void }) {
  const { t } = useTranslation();
  const [text, find] = useState('');
  const wanted = useDeferredValue(text);
  const now = useNow(tasks.some(({ status }) => status === 'RUNNING'));
  const hasErrors = useMemo(() => tasks.some(({ error }) => error !== null), [tasks]);
  const found = useMemo(() => tasks.filter((task) => fits(task, wanted)), [tasks, wanted]);
  const took = ({ started_at, completed_at }: LiveTask) =>
    started_at === null
      ? '–'
      : duration((completed_at === null ? now : Date.parse(completed_at)) - Date.parse(started_at));
  return (
    <>
      <Input.Search
        allowClear
        className="search"
        aria-label={t('chain.find')}
        placeholder={t('chain.find')}
        onChange={({ target }) => find(target.value)}
      />
      {found.length === 0 ? (
        <Empty description={t('chain.noTask')} />
      ) : (
        <ManyRows
          label={t('chain.table')}
          rows={found}
          keyOf={({ task_id }) => task_id}
          columns={[
            {
              title: t('task.task'),
              width: 270,
              cell: ({ task_id, task_name }) => (
                <button type="button" className="link cell" onClick={() => open(task_id)}>
                  <Name text={task_name || task_id} />
                </button>
              ),
            },
            { title: t('chains.state'), width: 140, cell: ({ status }) => <Status of={status} /> },
            // Beside the state, where a narrow window shows it, and only if there is one.
            ...(hasErrors
              ? [
                  {
                    title: t('task.error'),
                    width: 170,
                    cell: ({ error }: LiveTask) => error && <code>{error.code}</code>,
                  },
                ]
              : []),
            { title: t('task.type'), width: 160, cell: ({ task_type }) => task_type },
            { title: t('task.attempt'), width: 90, cell: ({ attempt }) => attempt },
            { title: t('chains.took'), width: 110, cell: took },
            {
              title: t('task.worker'),
              width: 210,
              cell: ({ worker_id }) => <Name text={worker_id ?? '–'} className="cell" />,
            },
          ]}
        />
      )}
    </>
  );
}
