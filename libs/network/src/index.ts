export { HOST_PORT, readHostPort } from './host-port.js';
export { isPrivateAddress, isPrivateHost, publicLookup, type Resolve } from './private-addresses.js';
