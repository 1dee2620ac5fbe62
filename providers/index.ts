import type { Provider } from '../core/describe/provider';
import { ctrack } from './ctrack';
import { itracksense } from './itracksense';
import { etrack, trackceo } from './protrack';
import { trackgps } from './trackgps';

/** Every vendor that Fleetwire speaks to, in the order of palettes and docs. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each provider has settings of its own
export const providers: readonly Provider<any>[] = [ctrack, trackceo, etrack, itracksense, trackgps];
