import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Divider } from 'antd';
import { useTranslation } from 'react-i18next';
import { api } from '../api.js';

/** Why a sign-in at the provider did not come about, as the API names it. */
const FAILURES = [
  ...['lost', 'used', 'answer', 'clock', 'refused', 'setup', 'issuer-down', 'unavailable'],
  ...['no-role', 'no-tenant', 'no-party'],
] as const;

/** The sign-in at the organisation's provider, where one is set up. It leads away, and back to this page. */
export function ProviderWay() {
  const { t } = useTranslation();
  const ways = useQuery({ queryKey: ['ways'], queryFn: () => api.getSignInWays(), staleTime: Infinity });
  // Without an answer the form for a key is there, and says what is wrong.
  const oidc = ways.data?.oidc;
  if (!oidc) return null;
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <>
      <Button type="primary" size="large" block href={`${oidc.start_url}?return=${back}`}>
        {t('signIn.provider')}
      </Button>
      <Divider plain>{t('signIn.or')}</Divider>
    </>
  );
}

/** What went wrong at the provider, and what to do. The address names it: anybody may have written that. */
export function ProviderFailed({ failure }: { failure: string }) {
  const { t } = useTranslation();
  const known = FAILURES.find((each) => each === failure) ?? 'other';
  return (
    <Alert type="error" showIcon title={t('signIn.failed.title')} description={t(`signIn.failed.${known}` as never)} />
  );
}
