import { useTranslation } from 'react-i18next';
import { marked } from './name.js';

/** Longer texts are cut, which is said: a result may have 64 KiB, and more is for a download. */
const LONGEST = 20_000;

/** A value as JSON that can be scrolled by keyboard. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const { t } = useTranslation();
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return (
    <>
      <pre className="json" tabIndex={0} role="group" aria-label={label} dir="ltr">
        {marked(text.slice(0, LONGEST))}
      </pre>
      {text.length > LONGEST && <p>{t('shell.cut', { count: text.length - LONGEST })}</p>}
    </>
  );
}
