import { useQuery } from '@tanstack/react-query';
import { Button, Empty, Input, Select, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SecretDto } from '#client';
import { api } from '../api.js';
import { Labelled } from '../designer/schema-form.js';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { useRemoval, type Removable } from './removal.js';

const removable = ({ name }: SecretDto): Removable => ({
  name,
  confirm: name,
  remove: (query) => api.deleteSecret({ path: { name }, query }),
  restore: () => api.restoreSecret({ path: { name } }),
});

/** Secrets by name. A value is sent and never shown again. */
export function Secrets() {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ['secrets'], queryFn: ({ signal }) => api.listSecrets({ signal }) });
  const [put, setPut] = useState<Partial<SecretDto>>();
  const removal = useRemoval(() => query.refetch());
  const list = (names: readonly string[], all: string, none: string) =>
    names.includes('*') ? all : names.length === 0 ? none : names.join(', ');
  return (
    <>
      <p>{t('settings.secretsAbout')}</p>
      <Button className="bulk" onClick={() => setPut({})}>
        {t('settings.newSecret')}
      </Button>
      {removal.shown}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey="name"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('settings.noSecret')} /> }}
        columns={[
          { title: t('chains.name'), key: 'name', render: (_, { name }) => <Name text={name} className="cell" /> },
          {
            title: t('settings.forTypes'),
            key: 'types',
            render: (_, { task_types }) => list(task_types, t('settings.all'), '–'),
          },
          {
            title: t('settings.forKeys'),
            key: 'keys',
            render: (_, { keys }) => (
              <Name text={list(keys, t('settings.all'), t('settings.admins'))} className="cell" />
            ),
          },
          { title: t('templates.updated'), key: 'updated', render: (_, { updated_at }) => <Time at={updated_at} /> },
          {
            title: t('templates.do'),
            key: 'do',
            render: (_, secret) => (
              <Space>
                <Button size="small" onClick={() => setPut(secret)}>
                  {t('settings.replace')}
                </Button>
                <Button size="small" danger onClick={() => removal.ask(removable(secret))}>
                  {t('settings.remove')}
                </Button>
              </Space>
            ),
          },
        ]}
      />
      {put && <PutSecret of={put} close={() => setPut(undefined)} done={() => query.refetch()} />}
    </>
  );
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function PutSecret({ of, close, done }: { of: Partial<SecretDto>; close: () => void; done: () => Promise<unknown> }) {
  const { t } = useTranslation();
  const [name, setName] = useState(of.name ?? '');
  const [value, setValue] = useState('');
  const [types, setTypes] = useState(of.task_types ?? ['*']);
  const [keys, setKeys] = useState(of.keys ?? []);
  const send = async () => {
    await api.putSecret({ path: { name }, body: { value, task_types: types, keys } });
    await done();
  };
  const many = (label: string, help: string, values: string[], change: (values: string[]) => void) => (
    <Labelled name={label} schema={{ description: help }}>
      {(id) => (
        <Select
          id={id}
          className="wide"
          mode="tags"
          open={false}
          tokenSeparators={[',']}
          value={values}
          onChange={change}
        />
      )}
    </Labelled>
  );
  return (
    <Ask
      title={t(of.name === undefined ? 'settings.newSecret' : 'settings.replace')}
      ok={t('templates.save')}
      ready={NAME.test(name) && value !== ''}
      send={send}
      close={close}
    >
      <Labelled name={t('chains.name')} required>
        {(id) => (
          <Input
            id={id}
            maxLength={64}
            disabled={of.name !== undefined}
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        )}
      </Labelled>
      <Labelled name={t('settings.value')} required>
        {(id) => (
          <Input
            id={id}
            type="password"
            autoComplete="off"
            value={value}
            onChange={({ target }) => setValue(target.value)}
          />
        )}
      </Labelled>
      {many(t('settings.forTypes'), t('settings.forTypesHelp'), types, setTypes)}
      {many(t('settings.forKeys'), t('settings.forKeysHelp'), keys, setKeys)}
    </Ask>
  );
}
