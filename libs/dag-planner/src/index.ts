export { type ChainType, type CriticalPath, type Plan, type PlanResult, plan } from './plan.js';
export { type GraphFault, type GraphFaultCode, MAX_TASKS, type PlanNode } from './read-graph.js';
