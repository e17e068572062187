import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Empty, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api.js';
import { shownText } from '../view/name.js';
import { Loaded, type TaskPath } from './task-parts.js';

const REFRESH_MS = 2_000;
/** The newest lines that are kept here. */
const MOST_LINES = 1_000;

interface Read {
  readonly lines: readonly string[];
  /** The id of the last line. */
  readonly last: number;
}
const NOTHING: Read = { lines: [], last: 0 };

/** The log of a task as it is written, with search and download. */
export function Logs({ path, running }: { path: TaskPath; running: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, find] = useState('');
  const queryKey = ['logs', path];
  const query = useQuery({
    queryKey: [...queryKey, running],
    queryFn: async ({ signal }) => {
      // Only what came since: a log may have many thousand lines.
      const read = await readOn(path, client.getQueryData<Read>(queryKey) ?? NOTHING, signal);
      client.setQueryData(queryKey, read);
      return read;
    },
    refetchInterval: running ? REFRESH_MS : false,
    placeholderData: (before) => before,
  });
  return (
    <Loaded query={query}>
      {({ lines }) => {
        const found = lines.filter((line) => line.toLowerCase().includes(text.toLowerCase()));
        if (lines.length === 0) return <Empty description={t('task.noLog')} />;
        const file = `data:text/plain;charset=utf-8,${encodeURIComponent(lines.join('\n').toWellFormed())}`;
        return (
          <>
            <Input.Search
              allowClear
              className="search"
              aria-label={t('task.findLog')}
              placeholder={t('task.findLog')}
              onChange={({ target }) => find(target.value)}
            />{' '}
            <a href={file} download={`${path.task_id.slice(0, 80)}.log`}>
              {t('task.download')}
            </a>
            <pre className="json" tabIndex={0} role="log" aria-label={t('task.logs')}>
              {found.map((line) => shownText(line, 2_000)).join('\n')}
            </pre>
          </>
        );
      }}
    </Loaded>
  );
}

/** The lines that are known, and those after them. */
async function readOn({ chain_id, task_id }: TaskPath, known: Read, signal: AbortSignal): Promise<Read> {
  const lines = [...known.lines];
  let { last } = known;
  for await (const line of api.allTaskLogs(chain_id, task_id, { after: last }, signal)) {
    lines.push(`${line.logged_at} #${line.attempt} ${line.level.toUpperCase()} ${line.message}`);
    if (lines.length > MOST_LINES) lines.shift();
    last = line.id;
  }
  return { lines, last };
}
