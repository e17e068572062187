import { Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface AsJsonProps {
  readonly id: string;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly onFocus?: () => void;
  readonly onBlur?: () => void;
}

/** A value for which there is no better field. It counts while it is JSON. */
export function AsJson({ id, value, change, ...focus }: AsJsonProps) {
  const { t } = useTranslation();
  const written = value === undefined ? '' : (JSON.stringify(value, null, 1) ?? '');
  const [text, setText] = useState<string>();
  const read = (next: string) => {
    setText(next);
    if (next.trim() === '') return change(undefined);
    try {
      change(JSON.parse(next));
    } catch {
      // Said below; it counts once it is whole.
    }
  };
  const isWrong = text !== undefined && text.trim() !== '' && !parses(text);
  // What is typed stays as it is written: put in order as the field is left, it would move what is about to be clicked.
  const shown = text !== undefined && (isWrong || isOf(text, value)) ? text : written;
  return (
    <>
      <Input.TextArea
        id={id}
        rows={Math.min(10, shown.split('\n').length)}
        className="code"
        value={shown}
        onChange={(event) => read(event.target.value)}
        {...focus}
        spellCheck={false}
      />
      {isWrong && (
        <p className="fault" role="alert">
          {t('designer.notJson')}
        </p>
      )}
    </>
  );
}

/** Whether a text is this value; of none where it is empty, which in a row is a text without a character. */
const isOf = (text: string, value: unknown): boolean =>
  text.trim() === '' ? value === undefined || value === '' : JSON.stringify(JSON.parse(text)) === JSON.stringify(value);

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
