import { Button, Empty, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveTask } from '#client';
import { Name } from '../view/name.js';
import { ManyRows } from '../view/rows.js';
import { Status } from '../view/status.js';
import { duration, useNow } from '../view/times.js';
import { fits } from './fits.js';

/** The tasks of a chain as a table. */
export function TaskTable({ tasks, open }: { tasks: readonly LiveTask[]; open: (task: string) => void }) {
  const { t } = useTranslation();
  const [text, find] = useState('');
  const now = useNow(tasks.some(({ status }) => status === 'RUNNING'));
  const found = tasks.filter((task) => fits(task, text));
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
      <ManyRows
        rowKey="task_id"
        dataSource={found}
        locale={{ emptyText: <Empty description={t('chain.noTask')} /> }}
        columns={[
          {
            title: t('task.task'),
            key: 'task',
            width: 270,
            render: (_, { task_id, task_name }) => (
              <Button type="link" size="small" className="cell" onClick={() => open(task_id)}>
                <Name text={task_name || task_id} />
              </Button>
            ),
          },
          { title: t('chains.state'), key: 'status', width: 140, render: (_, { status }) => <Status of={status} /> },
          { title: t('task.type'), dataIndex: 'task_type', width: 160 },
          { title: t('task.attempt'), dataIndex: 'attempt', width: 90 },
          { title: t('chains.took'), key: 'took', width: 110, render: (_, task) => took(task) },
          {
            title: t('task.worker'),
            key: 'worker',
            width: 210,
            render: (_, { worker_id }) => <Name text={worker_id ?? '–'} className="cell" />,
          },
          {
            title: t('task.error'),
            key: 'error',
            width: 170,
            render: (_, { error }) => error && <code>{error.code}</code>,
          },
        ]}
      />
    </>
  );
}
