import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { ThroughputDto, ThroughputPartDto } from '#client';
import { exactTime } from '../view/times.js';

const HEIGHT = 96;
const STEP = 20;
const BAR = 16;
const KINDS = ['cancelled', 'failed', 'succeeded'] as const;
const KEYS = [
  ['succeeded', 'SUCCESS'],
  ['failed', 'FAILURE'],
  ['cancelled', 'CANCELLED'],
] as const;
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** The chains that ended in each part of the window, as bars on one another. */
export function Throughput({ of: { part_seconds: length, parts } }: { of: ThroughputDto }) {
  const { t } = useTranslation();
  const sum = (kind: (typeof KINDS)[number]) => parts.reduce((total, part) => total + part[kind], 0);
  const totals = { succeeded: sum('succeeded'), failed: sum('failed'), cancelled: sum('cancelled') };
  const most = Math.max(1, ...parts.map(totalOf));
  const [unit, seconds] = UNITS.find(([, each]) => length >= each) ?? UNITS[2];
  return (
    <section className="throughput">
      <h2>{t('overview.ended')}</h2>
      <p className="dim">
        {t('overview.aboutEnded', { length: t(`overview.lengths.${unit}`, { count: length / seconds }) })}
        {KEYS.map(([kind, state]) => (
          <Fragment key={kind}>
            {' '}
            <span className="keyed">
              <span className={`key ${kind}`} /> {t(`status.${state}`)}
            </span>
          </Fragment>
        ))}
      </p>
      <svg
        role="img"
        aria-label={t('overview.chart', totals)}
        viewBox={`0 0 ${parts.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {parts.map((part, i) => (
          <Bar key={part.from} of={part} x={i * STEP} most={most} />
        ))}
      </svg>
      <p className="ends dim">
        <span>{minuteOf(parts[0]!)}</span>
        <span>{t('overview.most', { count: most })}</span>
        <span>{minuteOf(parts.at(-1)!)}</span>
      </p>
    </section>
  );
}

/** Parts begin with a minute. */
const minuteOf = ({ from }: ThroughputPartDto): string => exactTime(from).replace(/:00$/, '');

const totalOf = ({ succeeded, failed, cancelled }: ThroughputPartDto): number => succeeded + failed + cancelled;

function Bar({ of, x, most }: { of: ThroughputPartDto; x: number; most: number }) {
  const { t } = useTranslation();
  // One chain among thousands is seen as well.
  const heights = KINDS.map((kind) => (of[kind] === 0 ? 0 : Math.max(2, (of[kind] / most) * HEIGHT)));
  return (
    <g>
      <title>{t('overview.bar', { ...of, from: exactTime(of.from) })}</title>
      {/* To point at, also where nothing ended. */}
      <rect className="all" x={x} y={0} width={STEP} height={HEIGHT} />
      {KINDS.map((kind, i) => {
        const below = heights.slice(0, i + 1).reduce((sum, height) => sum + height, 0);
        const place = { x: x + (STEP - BAR) / 2, y: HEIGHT - below, width: BAR, height: heights[i]! };
        return <rect key={kind} className={kind} {...place} />;
      })}
    </g>
  );
}
