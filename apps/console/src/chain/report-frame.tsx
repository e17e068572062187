import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { useMayRead } from './may-read.js';

interface ReportProps {
  readonly name: string;
  /** Where it is downloaded. */
  readonly href: string;
}

/**
 * An HTML page that a task made, once it is asked for; nothing for those who may not download it. It stands in a frame without any right: no script, no form, no
 * origin. The API says the same of the file, and lets it be shown in a frame of this page alone.
 */
export function ReportFrame({ name, href }: ReportProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  if (!useMayRead(href)) return null;
  return (
    <>
      <Button size="small" className="preview-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t('preview.report', { name: shownText(name, 80) })}
      </Button>
      {isOpen && (
        <iframe className="report" sandbox="" src={href} title={shownText(name)} referrerPolicy="no-referrer" />
      )}
    </>
  );
}
