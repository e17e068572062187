import { useQueryClient } from '@tanstack/react-query';
import { Alert, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Ask } from '../view/ask.js';
import { shownText } from '../view/name.js';
import { decide } from './statements.js';

export interface Decided {
  readonly party: string;
  readonly chain_id: string;
  readonly task_id: string;
  /** Its hash. */
  readonly task: string;
}

interface DecisionProps {
  readonly of: Decided;
  readonly as: 'approve' | 'refuse' | 'withdraw';
  /** The serial of the decision that it replaces. */
  readonly before?: number;
  readonly close: () => void;
}

/** Asks once more what is decided on a task, and states it without a signature. */
export function Decision({ of, as, before, close }: DecisionProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [words, setWords] = useState('');
  return (
    <Ask
      title={t(`approvals.${as}Title`, { task: shownText(of.task_id) })}
      ok={t(`approvals.${as === 'approve' ? 'approveHere' : as}`)}
      danger={as !== 'approve'}
      send={async () => {
        await decide(of, as, words, before);
        await Promise.all([['approvals'], ['approval']].map((queryKey) => client.invalidateQueries({ queryKey })));
      }}
      close={close}
    >
      <p>{t(`approvals.${as}About`, { party: of.party })}</p>
      {as === 'approve' && <Alert type="warning" showIcon title={t('approvals.unsigned')} />}
      <p>
        {t('approvals.hash')}
        {t('colon')}
        <code className="wrap">{of.task}</code>
      </p>
      <label>
        {t('approvals.words')}
        <Input.TextArea maxLength={2_000} value={words} onChange={({ target }) => setWords(target.value)} />
      </label>
    </Ask>
  );
}
