import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { api, forgetAnswers } from '../api.js';
import { Failed } from '../view/failed.js';
import { Title } from '../view/title.js';
import { ProviderFailed, ProviderWay } from './provider-way.js';

/**
 * Trades a key for a session, or leads to the provider. The key is kept nowhere: the session is a cookie that no script reads.
 * `failure`: what a sign-in at the provider came to before.
 */
export function SignInPage({ before, failure }: { before: unknown; failure: string | undefined }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: ({ token }: { token: string }) =>
      api.createSession({ headers: { Authorization: `Bearer ${token.trim()}` } }),
    onSuccess: (session) => {
      // Where a session is over, what it was answered is still there, and this may be somebody else.
      forgetAnswers(client);
      client.setQueryData(['session'], session);
    },
  });
  return (
    <section className="sign-in">
      <Title text={t('signIn.title')} />
      {failure !== undefined && !signIn.isError && <ProviderFailed failure={failure} />}
      <ProviderWay />
      <p>{t('signIn.how')}</p>
      <Form layout="vertical" onFinish={(values: { token: string }) => signIn.mutate(values)} requiredMark={false}>
        <Form.Item name="token" label={t('signIn.key')} rules={[{ required: true, message: t('signIn.needed') }]}>
          <Input.Password autoComplete="current-password" autoFocus size="large" visibilityToggle={false} />
        </Form.Item>
        <Button type="primary" htmlType="submit" size="large" loading={signIn.isPending}>
          {t('signIn.go')}
        </Button>
      </Form>
      {signIn.isError ? <Failed error={signIn.error} /> : before !== undefined && <Failed error={before} />}
      <p className="dim">{t('signIn.kept')}</p>
    </section>
  );
}
