import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SignOffBodyDto, SignOffDto } from '#client';
import { api, wordsOfError } from '../api.js';
import { isFields, type Fields } from '../designer/draft.js';
import { Labelled, SchemaFields } from '../designer/schema-form.js';
import { defaultsOf } from '../designer/schema.js';
import { Failed } from '../view/failed.js';
import { faultAtOf, useFaultWords } from '../view/fault-words.js';
import { Name, shownText } from '../view/name.js';
import { Time } from '../view/times.js';

type Asked = NonNullable<Parameters<typeof api.listSignOffs>[0]>['query'];

/** What asks the person who looks, or with `all` what asks anybody. */
export function useSignOffs(query: Asked, attempt = 0) {
  return useQuery({
    queryKey: ['sign-offs', query, attempt],
    queryFn: ({ signal }) => api.listSignOffs({ query, signal }),
    refetchInterval: 10_000,
  });
}

/** What one task asks, once it asks. */
export function SignOffOfTask({ chainId, taskId, attempt }: { chainId: string; taskId: string; attempt: number }) {
  const query = useSignOffs({ all: true, chain_id: chainId, task_id: taskId }, attempt);
  const of = query.data?.items.find((each) => each.attempt === attempt);
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {of && <SignOff key={attempt} of={of} />}
    </>
  );
}

/** The question of a task, who may answer and until when, and the answer of a person who may. */
export function SignOff({ of }: { of: SignOffDto }) {
  const { t } = useTranslation();
  return (
    <div className="sign-off">
      <p>
        <bdi className="wrap">{shownText(of.question, 2_000)}</bdi>
      </p>
      <dl className="facts">
        <dt>{t('signOff.asked')}</dt>
        <dd>
          <Time at={of.asked_at} />
        </dd>
        <dt>{t('signOff.who')}</dt>
        <dd>
          <Name text={of.who.join(', ')} className="wrap" />
        </dd>
        <dt>{t('signOff.until')}</dt>
        <dd>
          <Time at={of.expires_at} ahead />
        </dd>
      </dl>
      {of.yours ? <Answer of={of} /> : <p>{t('signOff.others')}</p>}
    </div>
  );
}

const NO_HELP = { parties: [], datasets: [], params: {}, complete: () => [] };

/** A field for each part of the form, with what the API says of it. */
function Answer({ of: { chain_id, task_id, attempt, form } }: { of: SignOffDto }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const schema = form as Fields | null;
  const [answer, setAnswer] = useState<unknown>(() =>
    schema === null || !isFields(schema['properties']) ? undefined : defaultsOf(schema),
  );
  const [note, setNote] = useState('');
  const answering = useMutation({
    mutationFn: (decision: SignOffBodyDto['decision']) => {
      const given = decision === 'approve' && schema !== null && { answer: answer as SignOffBodyDto['answer'] };
      const body = { decision, attempt, ...given, ...(note !== '' && { note }) };
      return api.answerSignOff({ path: { chain_id, task_id }, body });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['sign-offs'] }),
  });
  const faults = answering.isError ? wordsOfError(answering.error).faults : [];
  const words = useFaultWords();
  const help = { ...NO_HELP, faultAt: faultAtOf(faults, words) };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        answering.mutate('approve');
      }}
    >
      {schema !== null &&
        (isFields(schema['properties']) ? (
          <SchemaFields schema={schema} value={answer} change={setAnswer} pointer="/answer" help={help} />
        ) : (
          <SchemaFields
            schema={{ required: ['answer'], properties: { answer: { title: t('signOff.answer'), ...schema } } }}
            value={{ answer }}
            change={(next) => setAnswer(isFields(next) ? next['answer'] : undefined)}
            pointer=""
            help={help}
          />
        ))}
      <Labelled name={t('signOff.note')} fault={help.faultAt('/note')}>
        {(id) => (
          <Input.TextArea id={id} maxLength={2_000} value={note} onChange={({ target }) => setNote(target.value)} />
        )}
      </Labelled>
      {answering.isError && <Failed error={answering.error} />}
      <Space wrap>
        <Button type="primary" htmlType="submit" loading={answering.isPending}>
          {t('signOff.approve')}
        </Button>
        <Button
          danger
          disabled={note.trim() === ''}
          loading={answering.isPending}
          onClick={() => answering.mutate('reject')}
        >
          {t('signOff.reject')}
        </Button>
      </Space>
      <p className="help">{t('signOff.help')}</p>
    </form>
  );
}
