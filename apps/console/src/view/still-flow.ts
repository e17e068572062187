/** Props of a graph that is looked at and not edited. */
export const STILL = {
  nodesDraggable: false,
  nodesConnectable: false,
  nodesFocusable: false,
  edgesFocusable: false,
  elementsSelectable: false,
  onlyRenderVisibleElements: true,
  fitView: true,
} as const;
