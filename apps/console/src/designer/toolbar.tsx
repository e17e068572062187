import { useQuery } from '@tanstack/react-query';
import { Button, Select, Space } from 'antd';
import { memo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { api } from '../api.js';
import { shownText } from '../view/name.js';
import { saveFile } from '../view/save-file.js';
import type { Draft } from './draft.js';
import { EXAMPLES } from './examples.js';
import { written, type Format } from './text-panel.js';

/** Of those that are offered here: the others are on the page of templates. */
const MOST_TEMPLATES = 50;
const OF_TEMPLATE = 'template ';

interface ToolbarProps {
  readonly draft: Draft;
  readonly running: boolean;
  readonly can: Readonly<Record<'undo' | 'redo' | 'copy' | 'paste', boolean>>;
  readonly act: (command: Command) => void;
  readonly take: (draft: Draft) => void;
  readonly read: (file: File) => void;
  readonly run: () => void;
  /** As a template. */
  readonly save: () => void;
}
export type Command = 'undo' | 'redo' | 'copy' | 'paste' | 'arrange' | 'clear';

export const Toolbar = memo(function Toolbar({ draft, running, can, act, take, read, run, save: keep }: ToolbarProps) {
  const { t } = useTranslation();
  const file = useRef<HTMLInputElement>(null);
  const save = (format: Format) => {
    const type = format === 'json' ? 'application/json' : 'application/yaml';
    const name = draft.chain_name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60) || 'chain';
    saveFile(`${name}.${format}`, type, [written(draft, format)]);
  };
  const isEmpty = draft.tasks.length === 0;
  return (
    <Space wrap role="toolbar" aria-label={t('designer.tools')} className="bulk nokey">
      <Button disabled={!can.undo} onClick={() => act('undo')} title="Ctrl+Z">
        {t('designer.undo')}
      </Button>
      <Button disabled={!can.redo} onClick={() => act('redo')} title="Ctrl+Shift+Z">
        {t('designer.redo')}
      </Button>
      <Button disabled={!can.copy} onClick={() => act('copy')} title="Ctrl+C">
        {t('designer.copy')}
      </Button>
      <Button disabled={!can.paste} onClick={() => act('paste')} title="Ctrl+V">
        {t('designer.paste')}
      </Button>
      <Button disabled={isEmpty} onClick={() => act('arrange')}>
        {t('designer.arrange')}
      </Button>
      <Starts take={take} />
      <span>
        <Button onClick={() => file.current?.click()}>{t('designer.import')}</Button>
        <input
          ref={file}
          type="file"
          hidden
          accept=".json,.yaml,.yml"
          aria-label={t('designer.import')}
          onChange={({ target }) => {
            if (target.files?.[0]) read(target.files[0]);
            target.value = '';
          }}
        />
      </span>
      <Button disabled={isEmpty} onClick={() => save('json')}>
        {t('designer.export', { format: 'JSON' })}
      </Button>
      <Button disabled={isEmpty} onClick={() => save('yaml')}>
        {t('designer.export', { format: 'YAML' })}
      </Button>
      <Button disabled={isEmpty} onClick={() => act('clear')}>
        {t('designer.clear')}
      </Button>
      <Space>
        <Button disabled={isEmpty} onClick={keep}>
          {t('designer.saveTemplate')}
        </Button>
        <Button type="primary" disabled={isEmpty} loading={running} onClick={run}>
          {t('designer.run')}
        </Button>
      </Space>
    </Space>
  );
});

/** What a chain may start from: the examples of the project, and the templates that changed last. */
function Starts({ take }: { take: (draft: Draft) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [wanted, want] = useState(false);
  const templates = useQuery({
    queryKey: ['templates', 'for the designer'],
    queryFn: ({ signal }) => api.listTemplates({ query: { page_size: MOST_TEMPLATES }, signal }),
    enabled: wanted,
    staleTime: 10_000,
  });
  const examples = [...EXAMPLES.keys()].map((name) => ({ value: name, label: name }));
  const others = (templates.data?.items ?? []).map(({ template_id, title }) => ({
    value: OF_TEMPLATE + template_id,
    label: shownText(title, 60),
  }));
  const start = (name: string | null) => {
    if (name === null) return;
    if (name.startsWith(OF_TEMPLATE)) {
      void navigate(`/designer?template=${encodeURIComponent(name.slice(OF_TEMPLATE.length))}`);
    } else void EXAMPLES.get(name)?.().then(take);
  };
  return (
    <Select
      aria-label={t('designer.example')}
      className="filter starts"
      popupMatchSelectWidth={false}
      showSearch={{ optionFilterProp: 'label' }}
      placeholder={t('designer.example')}
      value={null}
      onOpenChange={(isOpen) => isOpen && want(true)}
      options={[
        { label: t('designer.examples'), options: examples },
        ...(others.length > 0 ? [{ label: t('pages./templates'), options: others }] : []),
      ]}
      onChange={start}
    />
  );
}
