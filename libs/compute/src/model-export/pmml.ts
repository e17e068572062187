import { DESCRIPTION, type ExportedModel } from './exported-model.js';

/** Characters that XML 1.0 has no way to write. */
const NOT_IN_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Whether PMML can hold a name. */
export const fitsXml = (name: string): boolean => !NOT_IN_XML.test(name);

/** A model as PMML 4.4 (Data Mining Group, RegressionModel). Names must fit XML. */
export function pmmlOf({ objective, label, columns, weights, intercept }: ExportedModel, version: string): string {
  const isLogistic = objective === 'logistic';
  const predictors = columns.map((name, at) => element('NumericPredictor', { name, coefficient: String(weights[at]) }));
  const target = isLogistic
    ? element('DataField', { name: label, optype: 'categorical', dataType: 'integer' }, [
        element('Value', { value: '0' }),
        element('Value', { value: '1' }),
      ])
    : element('DataField', { name: label, ...CONTINUOUS });
  const output = isLogistic
    ? { name: 'probability(1)', ...CONTINUOUS, feature: 'probability', value: '1' }
    : { name: `prediction(${label})`, ...CONTINUOUS, feature: 'predictedValue' };
  // The score of class 0 is that of a sigmoid's other side: 0.
  const tables = [
    element(
      'RegressionTable',
      { intercept: String(intercept), ...(isLogistic && { targetCategory: '1' }) },
      predictors,
    ),
    ...(isLogistic ? [element('RegressionTable', { intercept: '0', targetCategory: '0' })] : []),
  ];
  const kind: Readonly<Record<string, string>> = isLogistic
    ? { functionName: 'classification', normalizationMethod: 'logit' }
    : { functionName: 'regression' };
  const root = element('PMML', { xmlns: 'http://www.dmg.org/PMML-4_4', version: '4.4' }, [
    element('Header', { description: DESCRIPTION[objective] }, [
      element('Application', { name: 'Task Chain', version }),
    ]),
    element('DataDictionary', { numberOfFields: String(columns.length + 1) }, [
      ...columns.map((name) => element('DataField', { name, ...CONTINUOUS })),
      target,
    ]),
    element('RegressionModel', kind, [
      element('MiningSchema', {}, [
        ...columns.map((name) => element('MiningField', { name })),
        element('MiningField', { name: label, usageType: 'target' }),
      ]),
      element('Output', {}, [element('OutputField', output)]),
      ...tables,
    ]),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

const CONTINUOUS = { optype: 'continuous', dataType: 'double' };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** An element, its children each on a line. */
function element(name: string, attributes: Readonly<Record<string, string>>, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${value.replaceAll(/[&<>"\t\n\r]/g, (character) => ESCAPES[character]!)}"`,
  );
  if (children.length === 0) return `<${name}${written.join('')}/>`;
  const inside = children.map((child) => child.replaceAll(/^/gm, '  ')).join('\n');
  return `<${name}${written.join('')}>\n${inside}\n</${name}>`;
}
