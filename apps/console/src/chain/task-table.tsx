import { Button, Empty, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveTask } from '#client';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
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
      <Rows
        rowKey="task_id"
        dataSource={found}
        locale={{ emptyText: <Empty description={t('chain.noTask')} /> }}
        pagination={{ pageSize: 50, showSizeChanger: false, hideOnSinglePage: true }}
        columns={[
          {
            title: t('task.task'),
            key: 'task',
            render: (_, { task_id, task_name }) => (
              <Button type="link" className="cell" onClick={() => open(task_id)}>
                <Name text={task_name || task_id} />
              </Button>
            ),
          },
          { title: t('chains.state'), key: 'status', render: (_, { status }) => <Status of={status} /> },
          { title: t('task.type'), dataIndex: 'task_type' },
          { title: t('task.attempt'), dataIndex: 'attempt' },
          { title: t('chains.took'), key: 'took', render: (_, task) => took(task) },
          { title: t('task.worker'), key: 'worker', render: (_, { worker_id }) => <Name text={worker_id ?? '–'} /> },
          {
            title: t('task.error'),
            key: 'error',
            render: (_, { error }) => error && <code>{error.code}</code>,
          },
        ]}
      />
    </>
  );
}
