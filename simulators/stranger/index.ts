import { ctrack } from './ctrack';
import { itracksense } from './itracksense';
import { protrack } from './protrack';
import type { Ways } from './stranger';
import { trackgps } from './trackgps';

export { MANY_DEVICES } from './forms';
export { REPLACING, Stranger, type Deed, type Oddity, type Ways, type World } from './stranger';
export { Random } from './random';

/** By platform. */
export const WAYS: Readonly<Record<string, Ways>> = { ctrack, itracksense, protrack, trackgps };
