import type { Provider } from '../core/describe/provider';
import { ctrack } from './ctrack';
import { itracksense } from './itracksense';
import { etrack, trackceo } from './protrack';
import { trackgps } from './trackgps';

/** Every vendor that Fleetwire speaks to, in the order of palettes and docs. */
export const providers: readonly Provider[] = [ctrack, trackceo, etrack, itracksense, trackgps];
