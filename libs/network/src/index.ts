export { isPrivateAddress, isPrivateHost, publicLookup, type Resolve } from './private-addresses.js';
