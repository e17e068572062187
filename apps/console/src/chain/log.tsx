import { Button, Empty, Input, Skeleton } from 'antd';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveTask, LogLineDto } from '#client';
import { api } from '../api.js';
import { saveFile } from '../view/save-file.js';
import { Failed } from '../view/failed.js';
import { shownText } from '../view/name.js';
import { MOST_LINES, useLiveLog } from './live-log.js';
import type { TaskPath } from './task-parts.js';

/** The log of a task as it is written, with search and download. */
export function Logs({ path, task }: { path: TaskPath; task: LiveTask | undefined }) {
  const { t } = useTranslation();
  const [text, find] = useState('');
  const { lines, stream, error, restart } = useLiveLog(path, task);
  // Many lines are written anew piece by piece, and not while somebody types.
  const wanted = useDeferredValue(text).toLowerCase();
  const found = useMemo(() => {
    const all = lines?.map((line) => written(line)) ?? [];
    return all.filter((line) => line.toLowerCase().includes(wanted)).map((line) => shownText(line, 2_000));
  }, [lines, wanted]);
  if (error !== undefined && lines === undefined) return <Failed error={error} retry={restart} />;
  if (lines === undefined) return <Skeleton active title={false} />;
  return (
    <>
      {error !== undefined && <Failed error={error} retry={restart} />}
      <div className="line">
        <Input.Search
          allowClear
          className="search"
          aria-label={t('task.findLog')}
          placeholder={t('task.findLog')}
          onChange={({ target }) => find(target.value)}
        />{' '}
        <Download path={path} />{' '}
        <span className={`stream stream-${stream}`} role="status">
          {t(`stream.${stream}`)}
        </span>
      </div>
      {lines.length === 0 ? (
        <Empty description={t(stream === 'ended' ? 'task.noLog' : 'task.noLogYet')} />
      ) : (
        <pre className="json" tabIndex={0} role="log" aria-label={t('task.logs')}>
          {found.join('\n')}
        </pre>
      )}
      {lines.length === MOST_LINES && <p className="dim">{t('task.newestLines', { count: MOST_LINES })}</p>}
    </>
  );
}

/** Writes the whole log into a file, also what is not shown. */
function Download({ path: { chain_id, task_id } }: { path: TaskPath }) {
  const { t } = useTranslation();
  const [isReading, setReading] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = async () => {
    const parts: string[] = [];
    for await (const line of api.allTaskLogs(chain_id, task_id)) parts.push(`${written(line)}\n`.toWellFormed());
    saveFile(`${task_id.slice(0, 80)}.log`, 'text/plain;charset=utf-8', parts);
  };
  const start = () => {
    setReading(true);
    setError(undefined);
    save()
      .catch(setError)
      .finally(() => setReading(false));
  };
  return (
    <>
      <Button loading={isReading} onClick={start}>
        {t('task.download')}
      </Button>
      {error !== undefined && <Failed error={error} retry={start} />}
    </>
  );
}

const written = ({ logged_at, attempt, level, message }: LogLineDto): string =>
  `${logged_at} #${attempt} ${level.toUpperCase()} ${message}`;
