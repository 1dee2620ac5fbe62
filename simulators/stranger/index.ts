import { ctrack } from './ctrack';
import { itracksense } from './itracksense';
import { protrack } from './protrack';
import type { Ways } from './stranger';
import { trackgps } from './trackgps';

export { Stranger, type Deed, type Oddity, type Ways } from './stranger';
export { Random } from './random';

/** By platform. */
export const WAYS: Readonly<Record<string, Ways>> = { ctrack, itracksense, protrack, trackgps };
