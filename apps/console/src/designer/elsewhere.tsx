import { Alert, Button, Space } from 'antd';
import { useTranslation } from 'react-i18next';

/** Says that another tab has changed the draft, and asks which of the two goes on. */
export function Elsewhere({ take, keep }: { take: () => void; keep: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert
      type="warning"
      showIcon
      title={t('designer.elsewhere')}
      description={t('designer.apart')}
      action={
        <Space wrap>
          <Button onClick={take}>{t('designer.takeIt')}</Button>
          <Button onClick={keep}>{t('designer.keepThis')}</Button>
        </Space>
      }
    />
  );
}
