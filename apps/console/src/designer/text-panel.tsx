import { Input, Segmented } from 'antd';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parse, stringify } from 'yaml';
import { shownText } from '../view/name.js';
import { LONGEST, NoChain, readDraft, type Draft } from './draft.js';

export type Format = 'json' | 'yaml';

export const written = (draft: Draft, format: Format): string =>
  format === 'json' ? `${JSON.stringify(draft, null, 2)}\n` : stringify(draft);

/** Reads JSON or YAML, which holds JSON as well. Aliases are refused: ten lines of them stand for gigabytes. Throws with what is wrong. */
export function readText(text: string): Draft {
  if (text.length > LONGEST) throw new NoChain('many');
  const value: unknown = /^\s*\{/.test(text) ? JSON.parse(text) : parse(text, { maxAliasCount: 0 });
  return readDraft(value);
}

interface TextPanelProps {
  readonly draft: Draft;
  readonly replace: (draft: Draft) => void;
  /** Hidden it writes nothing: of a large chain that takes as long as the rest of a step. */
  readonly isShown: boolean;
}

/** The chain as text, which edits it while it can be read. */
export const TextPanel = memo(
  function TextPanel({ draft, replace }: TextPanelProps) {
    const { t } = useTranslation();
    const [format, setFormat] = useState<Format>('json');
    /** What is typed, and the draft that it became: another one was made elsewhere. */
    const [typed, setTyped] = useState<{ text: string; of: Draft; wrong: string | undefined }>();
    const own = typed?.of === draft ? typed : undefined;
    const type = (text: string) => {
      try {
        const next = readText(text);
        setTyped({ text, of: next, wrong: undefined });
        replace(next);
      } catch (error) {
        setTyped({ text, of: draft, wrong: wrongOf(error) });
      }
    };
    const wrongOf = (error: unknown) =>
      error instanceof NoChain ? t(`designer.noChain.${error.why}`) : error instanceof Error ? error.message : '';
    return (
      <section aria-label={t('designer.text')} className="text">
        <Segmented<Format>
          options={[
            { value: 'json', label: 'JSON' },
            { value: 'yaml', label: 'YAML' },
          ]}
          value={format}
          onChange={(next) => {
            setTyped(undefined);
            setFormat(next);
          }}
        />
        {own?.wrong !== undefined && (
          <p className="fault" role="alert">
            {shownText(own.wrong, 400)}
          </p>
        )}
        <Input.TextArea
          aria-label={t('designer.text')}
          className="code whole-text"
          spellCheck={false}
          value={own?.text ?? written(draft, format)}
          onChange={({ target }) => type(target.value)}
        />
      </section>
    );
  },
  (_, next) => !next.isShown,
);
