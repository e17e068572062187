import { Alert, Typography } from 'antd';
import { useTranslation } from 'react-i18next';

/** What the API shows once: it is kept nowhere, and gone with the page. */
export function Once({ text, close }: { text: string; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert
      type="warning"
      showIcon
      title={t('settings.once')}
      description={
        <Typography.Paragraph copyable={{ text }}>
          <code className="wrap">{text}</code>
        </Typography.Paragraph>
      }
      closable={{ onClose: close, 'aria-label': t('actions.close') }}
    />
  );
}
