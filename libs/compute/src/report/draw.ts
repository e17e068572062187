import { BarChart, BoxplotChart, HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, VisualMapPiecewiseComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { chartHeight, chartOptions, CHART_WIDTH } from './chart-options.js';
import type { Chart } from './section.js';

use([BarChart, BoxplotChart, HeatmapChart, LineChart]);
use([GridComponent, LegendComponent, VisualMapPiecewiseComponent, SVGRenderer]);

/**
 * Draws a chart as an SVG element, on the server, without a document. Text takes the colour of the page around it. The
 * library numbers its classes (for hovering) and clip paths (for points beyond the axes, of which there are none) by
 * process, so both are cut: equal charts give equal text. Namespaces are cut since HTML knows the element. No text of a
 * chart can match, since its quotes are escaped.
 */
export function drawChart(chart: Chart): string {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width: CHART_WIDTH, height: chartHeight(chart) });
  try {
    canvas.setOption(chartOptions(chart));
    return canvas
      .renderToSVGString()
      .replaceAll(/<(style|defs)\b[^>]*>[\s\S]*?<\/\1>/g, '')
      .replaceAll(/ (?:class|clip-path|ecmeta_\w+|xmlns(?::\w+)?|version|baseProfile)="[^"]*"/g, '');
  } finally {
    canvas.dispose();
  }
}
