import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { DESCRIPTION, type ExportedModel } from './exported-model.js';

/** Of the ONNX standard: the version of its file format, that of its operators, and the number of the type of doubles. */
const IR_VERSION = 8;
const OPSET = 13;
const DOUBLE = 11;

/**
 * A model as ONNX (onnx.proto): an input `columns` of rows times columns, doubles in the order of the model's columns, and an output `probability` or
 * `prediction` of rows times 1. The names of the columns and of the label stand in `metadata_props`. The same model gives the same bytes.
 */
export function onnxOf(model: ExportedModel, version: string): Uint8Array {
  const { objective, label, columns, weights, intercept } = model;
  const isLogistic = objective === 'logistic';
  const output = isLogistic ? 'probability' : 'prediction';
  const score = isLogistic ? 'score' : output;
  const graph = message(
    [1, node('Gemm', ['columns', 'weights', 'intercept'], score)],
    ...(isLogistic ? [[1, node('Sigmoid', [score], output)] as const] : []),
    [2, 'regression'],
    [5, tensor('weights', [columns.length, 1], weights)],
    [5, tensor('intercept', [1], [intercept])],
    [11, rowsTimes('columns', columns.length)],
    [12, rowsTimes(output, 1)],
  );
  return message(
    [1, IR_VERSION],
    [2, 'task-chain'],
    [3, version],
    [6, DESCRIPTION[objective]],
    [7, graph],
    [8, message([1, ''], [2, OPSET])],
    [14, message([1, 'columns'], [2, JSON.stringify(columns)])],
    [14, message([1, 'label'], [2, label])],
  );
}

/** A field of a message: its number, and a whole number, a text, or bytes or a message. */
type Field = readonly [number: number, value: number | string | Uint8Array];

/** A message of protobuf. */
function message(...fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === 'number') writer.tag(number, WireType.Varint).int64(value);
    else if (typeof value === 'string') writer.tag(number, WireType.LengthDelimited).string(value);
    else writer.tag(number, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}

/** NodeProto. */
const node = (operator: string, inputs: readonly string[], output: string): Uint8Array =>
  message(...inputs.map((input) => [1, input] as const), [2, output], [4, operator]);

/** TensorProto of doubles. */
const tensor = (name: string, shape: readonly number[], values: readonly number[]): Uint8Array =>
  message(
    ...shape.map((length) => [1, length] as const),
    [2, DOUBLE],
    [8, name],
    // Little-endian, as every platform of Node.js.
    [9, new Uint8Array(Float64Array.from(values).buffer)],
  );

/** ValueInfoProto of doubles, for as many rows as there are. */
const rowsTimes = (name: string, columns: number): Uint8Array => {
  const shape = message([1, message([2, 'rows'])], [1, message([1, columns])]);
  return message([1, name], [2, message([1, message([1, DOUBLE], [2, shape])])]);
};
