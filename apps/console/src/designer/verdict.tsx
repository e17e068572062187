import { Button } from 'antd';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Failed } from '../view/failed.js';
import { useFaultWords } from '../view/fault-words.js';
import { shownText } from '../view/name.js';
import type { Check } from './check.js';

interface VerdictProps {
  readonly of: Check;
  /** Chooses a task: its form says what is wrong. */
  readonly show: (task: string) => void;
}

/** So many tasks with faults are led to at once; the others follow as these are mended. */
const LED_TO = 5;

/** What the API says of the whole, and which tasks it finds fault with. */
export const Verdict = memo(function Verdict({
  of: { answer, error, faults, byTask, outside, busy },
  show,
}: VerdictProps) {
  const { t } = useTranslation();
  const words = useFaultWords();
  const general = faults.filter(({ pointer = '' }) => !pointer.startsWith('/tasks/'));
  return (
    <div role="status" className="verdict">
      {error !== null && error !== undefined && <Failed error={error} />}
      {answer === undefined ? (
        <span className="dim">{busy ? t('designer.checking') : t('designer.nothing')}</span>
      ) : answer.valid ? (
        <span className="status status-success">
          ✓{' '}
          {t('designer.valid', {
            type: t(`chainType.${answer.chain_type ?? 'complex'}`),
            tasks: answer.total_tasks,
            levels: answer.levels?.length ?? 0,
          })}
        </span>
      ) : (
        <span className="status status-failure">
          ✗ {t('designer.faults', { count: answer.errors.length })}
          {outside > 0 && ` ${t('designer.inner.outside', { count: outside })}`}
        </span>
      )}
      {[...byTask].slice(0, LED_TO).map(([id, count]) => (
        <Button
          key={id}
          size="small"
          aria-label={t('designer.showFaults', { task: shownText(id, 60), faults: t('designer.faults', { count }) })}
          onClick={() => show(id)}
        >
          {shownText(id, 30)}
        </Button>
      ))}
      {byTask.size > LED_TO && ' …'}
      {answer !== undefined && answer.approvals.length > 0 && (
        <span> {t('designer.approvals', { count: answer.approvals.length })}</span>
      )}
      {/* An API of the release before, which answers during an update, says none. */}
      {(answer?.warnings ?? []).map(({ pointer, task_id: task, seconds, rounds, delay_ms: delay }) => (
        <p key={pointer} className="warning">
          {t('designer.slow', { task: shownText(task, 60), seconds, rounds, delay })}
        </p>
      ))}
      {general.slice(0, 10).map(({ code, pointer, message }) => (
        <p key={code + (pointer ?? '') + message} className="fault">
          <code>{shownText(pointer ?? code, 80)}</code> {shownText(words({ code, message }), 400)}
        </p>
      ))}
    </div>
  );
});
