import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Drawer, Progress, Skeleton, Space } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ChainSummaryDto, LiveTask, TaskDetailDto } from '#client';
import { api } from '../api.js';
import { useErrorWords } from '../view/error-words.js';
import { Failed } from '../view/failed.js';
import { FailureWords } from '../view/failure-words.js';
import { Json } from '../view/json.js';
import { Name } from '../view/name.js';
import { Status } from '../view/status.js';
import { duration, Time } from '../view/times.js';
import { Views } from '../view/views.js';
import type { Action } from './action.js';
import { signalAction, taskActions } from './actions.js';
import { SignOffOfTask } from './sign-off.js';
import { Inputs } from './inputs.js';
import { Logs } from './log.js';
import { Opened } from './opened.js';
import { Artifacts, Attempts } from './task-parts.js';
import { wordsOfWaiting } from './waiting.js';

interface DrawerProps {
  readonly chain: ChainSummaryDto;
  /** As the stream tells it; undefined: there is no such task. */
  readonly live: LiveTask | undefined;
  /** All of the chain: a task may take results of others. */
  readonly tasks: readonly LiveTask[];
  readonly taskId: string;
  readonly act: (action: Action) => void;
  readonly close: () => void;
  readonly open: (task: string) => void;
}

/** All about one task: why it waits or failed and what to do, what went in and came out. */
export function TaskDrawer({ chain, live, tasks, taskId, act, close, open }: DrawerProps) {
  const { t } = useTranslation();
  const path = { chain_id: chain.chain_id, task_id: taskId };
  const moment = `${live?.status ?? ''} ${live?.attempt ?? ''}`;
  const query = useQuery({
    queryKey: ['task', path, moment, chain.version],
    queryFn: ({ signal }) => api.getTask({ path, signal }),
    // Of this task: its buttons and why it waits are not those of the one that was looked at before.
    placeholderData: (before) => (before?.task_id === taskId ? before : undefined),
  });
  const task = query.data;
  const signal = task?.waiting?.signal;
  const actions = [
    ...(signal === undefined ? [] : [signalAction(signal)]),
    ...taskActions(chain.chain_id, taskId, live?.status ?? task?.status ?? '', chain.status),
  ];
  return (
    <Drawer
      open
      size={640}
      title={<Name text={task?.task_name || taskId} />}
      onClose={close}
      closable={{ 'aria-label': t('actions.close') }}
      extra={live && <Status of={live.status} />}
    >
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton active title={false} />}
      {task && (
        <>
          <Space wrap role="group" aria-label={t('task.actions')}>
            {actions.map((each) => (
              <Button key={each.name} onClick={() => act(each)}>
                {t(`actions.${each.name}`)}
              </Button>
            ))}
          </Space>
          <Why of={task} open={open} />
          {task.hold === 'SIGN_OFF' && (
            <SignOffOfTask chainId={chain.chain_id} taskId={taskId} attempt={task.attempt} />
          )}
          {live?.status === 'RUNNING' && (
            <div>
              <Progress aria-label={t('chains.progress')} percent={Math.round(live.progress * 100)} />
              <Name text={live.progress_stage ?? ''} />
            </div>
          )}
          <Views
            keep
            label={t('task.views')}
            items={[
              {
                key: 'facts',
                label: t('task.facts'),
                children: (
                  <>
                    <Facts chainId={chain.chain_id} of={task} open={open} />
                    <Inputs chainId={chain.chain_id} params={task.params} tasks={tasks} open={open} />
                  </>
                ),
              },
              {
                key: 'result',
                label: t('task.result'),
                children:
                  task.result === null ? (
                    <p>{t('task.noResult')}</p>
                  ) : (
                    <Json value={task.result} label={t('task.result')} />
                  ),
              },
              { key: 'opened', label: t('opened.title'), children: <Opened path={path} of={task} moment={moment} /> },
              { key: 'artifacts', label: t('task.artifacts'), children: <Artifacts path={path} moment={moment} /> },
              { key: 'attempts', label: t('task.attempts'), children: <Attempts path={path} moment={moment} /> },
              {
                key: 'logs',
                label: t('task.logs'),
                children: <Logs key={task.task_id} path={path} task={live} />,
              },
            ]}
          />
        </>
      )}
    </Drawer>
  );
}

/** Why a task waits, failed or was skipped. */
function Why({ of, open }: { of: TaskDetailDto; open: (task: string) => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  if (of.error !== null && of.status !== 'SUCCESS') {
    return (
      <Alert
        type={of.status === 'FAILURE' ? 'error' : 'warning'}
        showIcon
        title={t(of.status === 'FAILURE' ? 'task.failed' : 'task.lastError', { code: of.error.code })}
        description={
          <>
            <FailureWords of={of.error} type={of.task_type} />
            {of.waiting !== null && <p>{wordsOfWaiting(of.waiting, t)}</p>}
            {of.status === 'FAILURE' && <p>{t('task.afterFailure')}</p>}
          </>
        }
      />
    );
  }
  if (of.waiting !== null) {
    return (
      <Alert
        type="info"
        showIcon
        title={wordsOfWaiting(of.waiting, t)}
        description={of.waiting.parents?.slice(0, 20).map((parent) => (
          <Button key={parent} type="link" onClick={() => open(parent)}>
            <Name text={parent} />
          </Button>
        ))}
      />
    );
  }
  if (of.skip_reason !== null) {
    const title = t('task.skipped', { reason: of.skip_reason });
    return <Alert type="info" title={title} description={words('skips', of.skip_reason)[0]?.when} />;
  }
  return null;
}

function Facts({ chainId, of, open }: { chainId: string; of: TaskDetailDto; open: (task: string) => void }) {
  const { t } = useTranslation();
  const ran =
    of.started_at !== null && of.completed_at !== null
      ? duration(Date.parse(of.completed_at) - Date.parse(of.started_at))
      : '–';
  const facts: (readonly [string, React.ReactNode])[] = [
    [t('task.type'), of.task_type],
    [t('task.parents'), of.depends_on.length === 0 ? '–' : <Links key="parents" to={of.depends_on} open={open} />],
    [t('task.attempt'), of.attempt],
    [t('task.failures'), of.failures],
    ...(of.child_chain_id === null
      ? []
      : [[t('task.child'), <Child key="child" id={of.child_chain_id} parent={chainId} />] as const]),
    [t('task.priority'), of.priority],
    [t('task.worker'), <Name key="worker" text={of.worker_id ?? '–'} />],
    [t('task.queuedAt'), <Time key="queued" at={of.queued_at} />],
    [t('chains.started'), <Time key="started" at={of.started_at} />],
    [t('task.ended'), <Time key="ended" at={of.completed_at} />],
    [t('task.ran'), ran],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h2>{t('types.parameters')}</h2>
      <Json value={of.params} label={t('types.parameters')} />
    </>
  );
}

/** The chain that the task runs, and the page of all that it ran, turn by turn. */
function Child({ id, parent }: { id: string; parent: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Link to={`/chains/${encodeURIComponent(id)}`}>
        <code className="wrap">{id}</code>
      </Link>{' '}
      (<Link to={`/chains?parent_chain_id=${encodeURIComponent(parent)}`}>{t('task.children')}</Link>)
    </>
  );
}

function Links({ to, open }: { to: readonly string[]; open: (task: string) => void }) {
  return to.slice(0, 50).map((task) => (
    <Button key={task} type="link" size="small" onClick={() => open(task)}>
      <Name text={task} />
    </Button>
  ));
}
