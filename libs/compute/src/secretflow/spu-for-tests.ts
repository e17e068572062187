import { findSpuPython, NO_SPU as REASON } from '#libs/testing';
import { SPU_VERSION } from './protocols.js';

/** Undefined where there is no environment with SPU. */
export const spuPython = findSpuPython(SPU_VERSION);

/** Ends the name of tests that need one, where there is none. */
export const NO_SPU = `[skipped: ${REASON}]`;
