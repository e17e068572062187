import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import type { FailureDto, LiveTask } from '#client';
import { FailureWords } from '../view/failure-words.js';

interface ChainFailureProps {
  readonly of: FailureDto;
  readonly tasks: readonly Pick<LiveTask, 'task_id' | 'task_type'>[];
}

/** Why a chain failed, and what to do, as of the type of the task whose failure it is. */
export function ChainFailure({ of, tasks }: ChainFailureProps) {
  const { t } = useTranslation();
  const cause = tasks.find(({ task_id: id }) => id === of.details?.['task_id']);
  return (
    <Alert
      type="error"
      showIcon
      title={t('chain.failed', { code: of.code })}
      description={<FailureWords of={of} type={cause?.task_type} />}
    />
  );
}
