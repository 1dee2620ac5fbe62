import type { Provider } from '../core/provider';
import { etrack, trackceo } from './protrack';

/** Every vendor that Fleetwire speaks to, in the order of palettes and docs. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each provider has settings of its own
export const providers: readonly Provider<any>[] = [trackceo, etrack];
