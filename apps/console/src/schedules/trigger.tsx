import { useTranslation } from 'react-i18next';
import type { ListedScheduleDto } from '#client';
import { Name } from '../view/name.js';
import { Time } from '../view/times.js';

/** What makes a schedule's chains. */
export const TRIGGERS = ['cron', 'interval', 'at', 'on_dataset', 'on_chain_end', 'on_webhook'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** The one that a schedule has. */
export const triggerOf = (schedule: Partial<Record<Trigger, unknown>>): Trigger =>
  TRIGGERS.find((each) => (schedule[each] ?? false) !== false) ?? 'cron';

/** When a schedule makes chains, in short. */
export function When({ of }: { of: Omit<ListedScheduleDto, 'last_tick'> }) {
  const { t } = useTranslation();
  switch (triggerOf(of)) {
    case 'cron':
      return (
        <>
          <code>{of.cron}</code> <Name text={of.time_zone} className="dim" />
        </>
      );
    case 'interval':
      return <>{t('schedules.each', { count: of.interval ?? 0 })}</>;
    case 'at':
      return <Time at={of.at} ahead={of.next_due_times.length > 0} />;
    case 'on_dataset':
      return (
        <>
          {t('schedules.triggers.on_dataset')} <code>{of.on_dataset}</code>
        </>
      );
    case 'on_chain_end':
      return <>{t('schedules.triggers.on_chain_end')}</>;
    case 'on_webhook':
      return <>{t('schedules.triggers.on_webhook')}</>;
  }
}
