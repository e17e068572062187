import { useTranslation } from 'react-i18next';
import { Name } from '../view/name.js';

/** Whose a template is, in words. `own`: the tenant of who looks. */
export function Owner({ tenant, own }: { tenant: string; own: string | undefined }) {
  const { t } = useTranslation();
  if (tenant === own) return t('templates.own');
  if (tenant === '@release') return t('templates.release');
  return <Name text={t('templates.shared', { tenant })} />;
}
