import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Axis, Chart } from './section.js';

use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

const WIDTH = 640;
const HEIGHT = 360;
/** Middle tones, which can be read on a light and on a dark page. */
const COLORS = ['#3b82f6', '#f59e0b', '#10b981', '#ef4444'];
const FAINT = '#88888855';

/**
 * Draws a chart as an SVG element, on the server, without a document. Text takes the colour of the page around it. The
 * library numbers its classes (for hovering) and clip paths (for points beyond the axes, of which there are none) by
 * process, so both are cut: equal charts give equal text. No text of a chart can match, since its quotes are escaped.
 */
export function drawChart(chart: Chart): string {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    canvas.setOption(optionOf(chart));
    return canvas
      .renderToSVGString()
      .replaceAll(/<(style|defs)\b[^>]*>[\s\S]*?<\/\1>/g, '')
      .replaceAll(/ (?:class|clip-path|ecmeta_\w+)="[^"]*"/g, '');
  } finally {
    canvas.dispose();
  }
}

function optionOf(chart: Chart): EChartsCoreOption {
  return {
    animation: false,
    color: COLORS,
    textStyle: { color: 'currentColor', fontFamily: 'system-ui, sans-serif' },
    legend: { bottom: 0, textStyle: { color: 'currentColor' }, inactiveColor: FAINT },
    grid: { left: 64, right: 24, top: 24, bottom: 84 },
    xAxis: axisOf(chart.x, 32),
    yAxis: axisOf(chart.y, 46),
    series: chart.series.map(({ name, points, dashed, stack }) =>
      chart.kind === 'line'
        ? {
            type: 'line',
            name,
            data: points,
            showSymbol: false,
            lineStyle: { width: 2, type: dashed ? 'dashed' : 'solid' },
          }
        : { type: 'bar', name, data: points, ...(stack !== undefined && { stack }) },
    ),
  };
}

function axisOf(axis: Axis, nameGap: number): object {
  return {
    type: axis.categories ? 'category' : 'value',
    name: axis.name,
    nameLocation: 'middle',
    nameGap,
    nameTextStyle: { color: 'currentColor' },
    axisLabel: { color: 'currentColor', hideOverlap: true },
    axisLine: { lineStyle: { color: '#888888' } },
    splitLine: { lineStyle: { color: FAINT } },
    ...(axis.categories && { data: axis.categories }),
    ...(axis.min !== undefined && { min: axis.min }),
    ...(axis.max !== undefined && { max: axis.max }),
    ...(axis.inverse && { inverse: true }),
  };
}
