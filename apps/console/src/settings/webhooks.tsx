import { useQuery } from '@tanstack/react-query';
import { Button, Drawer, Empty, Input, Select, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewWebhookDto, WebhookDto } from '#client';
import { api } from '../api.js';
import { Labelled } from '../designer/schema-form.js';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Once } from './once.js';
import { useRemoval, type Removable } from './removal.js';

const EVENTS = [
  'chain.success',
  'chain.failure',
  'chain.cancelled',
  'chain.approval',
  'chain.sign_off',
  'chain.held',
  'task.failure',
];

const removable = ({ webhook_id, url }: WebhookDto): Removable => ({
  name: url,
  confirm: webhook_id,
  remove: (query) => api.deleteWebhook({ path: { webhook_id }, query }),
  restore: () => api.restoreWebhook({ path: { webhook_id } }),
});

/** Where notices are sent, and what became of each. */
export function Webhooks() {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ['webhooks'], queryFn: ({ signal }) => api.listWebhooks({ signal }) });
  const [asks, setAsks] = useState(false);
  const [made, show] = useState<string>();
  const [opened, open] = useState<WebhookDto>();
  const removal = useRemoval(() => query.refetch());
  return (
    <>
      <Button className="bulk" onClick={() => setAsks(true)}>
        {t('settings.newWebhook')}
      </Button>
      {made !== undefined && <Once text={made} close={() => show(undefined)} />}
      {removal.shown}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey="webhook_id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('settings.noWebhook')} /> }}
        columns={[
          { title: 'URL', key: 'url', render: (_, { url }) => <Name text={url} className="cell wide" /> },
          {
            title: t('settings.events'),
            key: 'events',
            render: (_, { events }) => (events.length === 0 ? t('settings.allEvents') : events.join(', ')),
          },
          {
            title: t('chains.state'),
            key: 'state',
            render: (_, { enabled, disabled_reason }) =>
              enabled ? (
                t('settings.enabled')
              ) : (
                <Name text={`${t('settings.disabled')}${t('colon')}${disabled_reason ?? ''}`} />
              ),
          },
          { title: t('chains.created'), key: 'created', render: (_, { created_at }) => <Time at={created_at} /> },
          {
            title: t('templates.do'),
            key: 'do',
            render: (_, webhook) => (
              <Space>
                <Button size="small" onClick={() => open(webhook)}>
                  {t('settings.deliveries')}
                </Button>
                <Button size="small" danger onClick={() => removal.ask(removable(webhook))}>
                  {t('settings.remove')}
                </Button>
              </Space>
            ),
          },
        ]}
      />
      {asks && (
        <NewWebhook
          close={() => setAsks(false)}
          made={(secret) => {
            show(secret);
            void query.refetch();
          }}
        />
      )}
      {opened && <Deliveries of={opened} close={() => open(undefined)} />}
    </>
  );
}

function NewWebhook({ close, made }: { close: () => void; made: (secret: string) => void }) {
  const { t } = useTranslation();
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<string[]>([]);
  const send = async () =>
    made((await api.createWebhook({ body: { url, events: events as NonNullable<NewWebhookDto['events']> } })).secret);
  return (
    <Ask title={t('settings.newWebhook')} ok={t('settings.make')} ready={url !== ''} send={send} close={close}>
      <Labelled name="URL" required>
        {(id) => <Input id={id} maxLength={2_000} value={url} onChange={({ target }) => setUrl(target.value)} />}
      </Labelled>
      <Labelled name={t('settings.events')} schema={{ description: t('settings.eventsHelp') }}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            mode="multiple"
            value={events}
            options={EVENTS.map((value) => ({ value, label: value }))}
            onChange={setEvents}
          />
        )}
      </Labelled>
    </Ask>
  );
}

/** The newest messages to a webhook; each can be sent again. */
function Deliveries({ of: { webhook_id, url }, close }: { of: WebhookDto; close: () => void }) {
  const { t } = useTranslation();
  const path = { webhook_id };
  const query = useQuery({
    queryKey: ['deliveries', webhook_id],
    queryFn: ({ signal }) => api.listWebhookDeliveries({ path, signal }),
    refetchInterval: 5_000,
  });
  const [error, setError] = useState<unknown>();
  const replay = (delivery_id: number) =>
    api.replayWebhookDelivery({ path: { ...path, delivery_id } }).then(() => query.refetch(), setError);
  return (
    <Drawer open size={640} title={<Name text={url} />} onClose={close} closable={{ 'aria-label': t('actions.close') }}>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {error !== undefined && <Failed error={error} />}
      <Rows
        rowKey="id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('settings.noDelivery')} /> }}
        columns={[
          { title: t('history.when'), key: 'when', render: (_, { created_at }) => <Time at={created_at} /> },
          { title: t('settings.event'), dataIndex: 'event_type' },
          {
            title: t('chains.state'),
            key: 'state',
            render: (_, each) => (
              <>
                {t(`settings.delivery.${each.status}`)}
                {each.response_status !== null && ` (${each.response_status})`}
                {each.error !== null && <Name text={` ${each.error}`} className="cell wide" />}
              </>
            ),
          },
          { title: t('settings.tries'), dataIndex: 'tries' },
          {
            title: t('settings.nextTry'),
            key: 'next',
            render: (_, { next_attempt_at }) => <Time at={next_attempt_at} ahead />,
          },
          {
            title: t('templates.do'),
            key: 'do',
            render: (_, { id }) => (
              <Button size="small" onClick={() => void replay(id)}>
                {t('settings.replay')}
              </Button>
            ),
          },
        ]}
      />
    </Drawer>
  );
}
