import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ChainSummaryDto } from '#client';
import { api } from '../api.js';
import { duration } from '../view/times.js';

/** Of so many of the newest chains durations are compared. */
export const COMPARED = 200;
const FIELDS = ['chain_name', 'template_id', 'status', 'started_at', 'completed_at'] as const;
const REFRESH_MS = 60_000;
/** Bars of a row. */
const BARS = 16;
const BAR = { width: 4, step: 5, height: 20 };

const NONE: readonly Took[] = [];

type Timed = Pick<ChainSummaryDto, 'chain_id' | (typeof FIELDS)[number]>;
interface Took {
  readonly id: string;
  readonly ms: number;
}

/** What makes chains alike: their template, or else their name. */
const likeness = ({ template_id: template, chain_name: name }: Timed): string =>
  template === null ? `name ${name}` : `template ${template}`;

/** How long the chains that succeeded took, by likeness; the newest first, as they come. */
function durationsOf(chains: readonly Timed[]): ReadonlyMap<string, readonly Took[]> {
  const found = new Map<string, Took[]>();
  for (const chain of chains) {
    const { chain_id: id, status, started_at: from, completed_at: to } = chain;
    if (status !== 'SUCCESS' || from === null || to === null) continue;
    const alike = found.get(likeness(chain)) ?? [];
    if (alike.length < BARS) found.set(likeness(chain), [...alike, { id, ms: Date.parse(to) - Date.parse(from) }]);
  }
  return found;
}

const DURATIONS = {
  queryKey: ['chains', 'durations'],
  queryFn: async ({ signal }: { signal: AbortSignal }) => {
    const { items } = await api.listChains({ query: { page_size: COMPARED, fields: FIELDS.join() }, signal });
    return durationsOf(items);
  },
};

/** Keeps the durations new that `Alike` draws. What calls it is not drawn again as they come. */
export function useLikeChains(): void {
  useQuery({ ...DURATIONS, refetchInterval: REFRESH_MS, staleTime: REFRESH_MS, notifyOnChangeProps: [] });
}

/** Bars as high as chains like this one took, the newest at the end; its own bar is marked. */
export function Alike({ to: chain }: { to: Timed }) {
  const { t } = useTranslation();
  const { data: of = NONE } = useQuery({
    ...DURATIONS,
    staleTime: Infinity,
    select: (durations) => durations.get(likeness(chain)) ?? NONE,
  });
  if (of.length < 2) return <>–</>;
  const sorted = of.map(({ ms }) => ms).sort((a, b) => a - b);
  const most = Math.max(1, sorted.at(-1)!);
  const words = t('chains.alikeTook', {
    bars: of.length,
    least: duration(sorted[0]!),
    median: duration((sorted[(of.length - 1) >> 1]! + sorted[of.length >> 1]!) / 2),
    most: duration(most),
  });
  return (
    <svg className="spark" role="img" aria-label={words} width={of.length * BAR.step} height={BAR.height}>
      <title>{words}</title>
      {of.toReversed().map(({ id, ms }, i) => {
        const height = Math.max(2, Math.round((ms / most) * BAR.height));
        return (
          <rect
            key={id}
            className={id === chain.chain_id ? 'own' : ''}
            x={i * BAR.step}
            y={BAR.height - height}
            width={BAR.width}
            height={height}
          />
        );
      })}
    </svg>
  );
}
