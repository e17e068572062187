import { Button, Select, Space } from 'antd';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Draft } from './draft.js';
import { EXAMPLES } from './examples.js';
import { written, type Format } from './text-panel.js';

interface ToolbarProps {
  readonly draft: Draft;
  readonly running: boolean;
  readonly can: Readonly<Record<'undo' | 'redo' | 'copy' | 'paste', boolean>>;
  readonly act: (command: Command) => void;
  readonly take: (draft: Draft) => void;
  readonly read: (file: File) => void;
  readonly run: () => void;
}
export type Command = 'undo' | 'redo' | 'copy' | 'paste' | 'arrange' | 'clear';

export function Toolbar({ draft, running, can, act, take, read, run }: ToolbarProps) {
  const { t } = useTranslation();
  const file = useRef<HTMLInputElement>(null);
  const save = (format: Format) => {
    const type = format === 'json' ? 'application/json' : 'application/yaml';
    const address = URL.createObjectURL(new Blob([written(draft, format)], { type }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `${draft.chain_name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60) || 'chain'}.${format}`;
    link.click();
    URL.revokeObjectURL(address);
  };
  const isEmpty = draft.tasks.length === 0;
  return (
    <Space wrap role="toolbar" aria-label={t('designer.tools')} className="bulk">
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
      <Select
        aria-label={t('designer.example')}
        className="filter"
        placeholder={t('designer.example')}
        value={null}
        options={[...EXAMPLES.keys()].map((name) => ({ value: name, label: name }))}
        onChange={(name: string | null) => void EXAMPLES.get(name ?? '')?.().then(take)}
      />
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
      <Button type="primary" disabled={isEmpty} loading={running} onClick={run}>
        {t('designer.run')}
      </Button>
    </Space>
  );
}
