import type { EChartsCoreOption } from 'echarts/core';
import { shortNames } from './short-names.js';
import type { Axis, AxisChart, BoxPlot, Chart, HeatMap } from './section.js';

/** Units of a plot's width. A phone shows them nearly one to one, so that a plot's text can be read there. */
export const CHART_WIDTH = 400;
const HEIGHT = 300;
/** Middle tones, which can be read on a light and on a dark page. */
const COLORS = ['#3b82f6', '#f59e0b', '#10b981', '#ef4444', '#a855f7', '#64748b'];
const HEAT = ['#2166ac', '#4393c3', '#92c5de', '#d1e5f0', '#fddbc7', '#f4a582', '#d6604d', '#b2182b'];
const LINE = '#888888';
const FAINT = '#88888855';
const TEXT = 'currentColor';
const FONT = { color: TEXT, fontFamily: 'system-ui, sans-serif', fontSize: 12 };
/** Room for a name beside an axis; a longer one is shortened there, and stands whole in the table. */
const NAME_WIDTH = 128;
/** The same on both axes of a heat map. */
const HEAT_NAME_WIDTH = 96;
/** Of that room, what lies between the name and the plot. */
const NAME_MARGIN = 20;
/** Names of a heat map up to which its cells have room for their figures. */
const LABELLED = 10;
const HEAT_GRID = { left: HEAT_NAME_WIDTH + 8, right: 8, top: 8, bottom: HEAT_NAME_WIDTH + 48 };
/** The space above and below the bars of a chart that grows with them. */
const LYING_FRAME = 84;
const LYING_BAR = 26;

/** Units of a plot's height: with the names where they stand one below the other. */
export function chartHeight(chart: Chart): number {
  if (chart.kind === 'heat') return HEAT_GRID.top + (CHART_WIDTH - HEAT_GRID.left - HEAT_GRID.right) + HEAT_GRID.bottom;
  if (chart.kind === 'box') return LYING_FRAME + LYING_BAR * chart.names.length;
  return chart.y.categories ? LYING_FRAME + LYING_BAR * chart.y.categories.length : HEIGHT;
}

/** The library's options for a chart. */
export function chartOptions(chart: Chart): EChartsCoreOption {
  const common = { animation: false, color: COLORS, textStyle: FONT };
  if (chart.kind === 'heat') return { ...common, ...heatOptions(chart) };
  return { ...common, ...(chart.kind === 'box' ? boxOptions(chart) : axisOptions(chart)) };
}

function axisOptions(chart: AxisChart): EChartsCoreOption {
  const legend = chart.series.length > 1;
  return {
    ...(legend && { legend: { bottom: 0, itemWidth: 18, itemGap: 28, textStyle: { ...FONT }, inactiveColor: FAINT } }),
    grid: { left: chart.y.categories ? NAME_WIDTH + 8 : 60, right: 20, top: 20, bottom: legend ? 84 : 52 },
    xAxis: axisOf(chart.x, 28),
    yAxis: axisOf(chart.y, 44),
    series: chart.series.map(({ name, points, dashed, stack }) =>
      chart.kind === 'line'
        ? {
            type: 'line',
            name,
            data: points,
            showSymbol: points.length === 1,
            lineStyle: { width: 2, type: dashed ? 'dashed' : 'solid' },
          }
        : { type: 'bar', name, data: points, barMaxWidth: 48, ...(stack !== undefined && { stack }) },
    ),
  };
}

function boxOptions({ names, boxes, value }: BoxPlot): EChartsCoreOption {
  return {
    grid: { left: NAME_WIDTH + 8, right: 20, top: 8, bottom: 52 },
    xAxis: axisOf(value, 28),
    yAxis: axisOf({ name: '', categories: names, inverse: true }, 0),
    series: [{ type: 'boxplot', data: boxes, itemStyle: { color: FAINT, borderColor: COLORS[0], borderWidth: 1.5 } }],
  };
}

function heatOptions({ names, cells }: HeatMap): EChartsCoreOption {
  const steps = HEAT.map((color, at) => ({
    min: -1 + at / 4,
    max: -0.75 + at / 4,
    color,
    label: '',
  }));
  const label = { show: names.length <= LABELLED, fontSize: 10 };
  const axis = { name: '', categories: shortNames(names, HEAT_NAME_WIDTH - NAME_MARGIN) };
  return {
    visualMap: {
      type: 'piecewise',
      pieces: steps,
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      itemGap: 0,
      itemWidth: 28,
      itemSymbol: 'rect',
      showLabel: false,
      textGap: 14,
      text: ['1', '−1'],
      textStyle: FONT,
    },
    grid: HEAT_GRID,
    xAxis: { ...axisOf(axis, 0), axisLabel: { ...nameLabels(), rotate: 90 }, splitLine: { show: false } },
    yAxis: { ...axisOf({ ...axis, inverse: true }, 0), splitLine: { show: false } },
    series: [
      {
        type: 'heatmap',
        data: cells.map(([x, y, value]) => ({
          value: [x, y, Math.max(-1, Math.min(1, value))],
          label: { ...label, formatter: value.toFixed(2), color: Math.abs(value) > 0.5 ? '#ffffff' : '#1a1a1a' },
        })),
      },
    ],
  };
}

function axisOf(axis: Axis, nameGap: number): object {
  return {
    type: axis.categories ? 'category' : 'value',
    name: axis.name,
    nameLocation: 'middle',
    nameGap,
    nameTextStyle: FONT,
    axisLabel: axis.categories ? nameLabels() : { ...FONT, hideOverlap: true },
    axisLine: { lineStyle: { color: LINE } },
    splitLine: { lineStyle: { color: FAINT } },
    ...(axis.categories && { data: shortNames(axis.categories, NAME_WIDTH - NAME_MARGIN) }),
    ...(axis.min !== undefined && { min: axis.min }),
    ...(axis.max !== undefined && { max: axis.max }),
    ...(axis.inverse && { inverse: true }),
    ...(axis.whole && { minInterval: 1 }),
    ...(axis.fitted && { scale: true }),
  };
}

function nameLabels(): object {
  return { ...FONT, hideOverlap: true, width: NAME_WIDTH - NAME_MARGIN, overflow: 'truncate' };
}
