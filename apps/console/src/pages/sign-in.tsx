import { useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Title } from '../view/title.js';

/** Trades a key for a session. The key is kept nowhere: the session is a cookie that no script reads. */
export function SignInPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const signIn = async ({ token }: { token: string }) => {
    setBusy(true);
    try {
      const headers = { Authorization: `Bearer ${token.trim()}` };
      client.setQueryData(['session'], await api.createSession({ headers }));
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="sign-in">
      <Title text={t('signIn.title')} />
      <p>{t('signIn.how')}</p>
      <Form layout="vertical" onFinish={(values: { token: string }) => void signIn(values)} requiredMark={false}>
        <Form.Item name="token" label={t('signIn.key')} rules={[{ required: true, message: t('signIn.needed') }]}>
          <Input.Password autoComplete="current-password" autoFocus size="large" visibilityToggle={false} />
        </Form.Item>
        <Button type="primary" htmlType="submit" size="large" loading={busy}>
          {t('signIn.go')}
        </Button>
      </Form>
      {error !== undefined && <Failed error={error} />}
      <p className="dim">{t('signIn.kept')}</p>
    </section>
  );
}
