import { Handle, Position, type NodeProps } from '@xyflow/react';
import { runsDown, type Places } from '../chain/node-size.js';

type Sides = Pick<NodeProps, 'sourcePosition' | 'targetPosition'>;
type End = Sides & { readonly isConnectable?: boolean };

const DOWN = { sourcePosition: Position.Bottom, targetPosition: Position.Top } as const;

/** Of all nodes, for the way that most edges go. */
export const sidesOf = (edges: readonly (readonly [string, string])[], places: Places): Sides =>
  runsDown(edges, places) ? DOWN : {};

/** Where edges reach a node. */
export const Incoming = ({ targetPosition = Position.Left, isConnectable = true }: End) => (
  <Handle type="target" position={targetPosition} isConnectable={isConnectable} />
);

/** Where edges leave a node. */
export const Outgoing = ({ sourcePosition = Position.Right, isConnectable = true }: End) => (
  <Handle type="source" position={sourcePosition} isConnectable={isConnectable} />
);
