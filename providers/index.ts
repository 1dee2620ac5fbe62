import type { Provider } from '../core/describe/provider';
import type { Vendor } from './vendor';
import * as all from './vendors';

/** In the order of palettes and docs. */
export const vendors: readonly Vendor[] = Object.values(all).sort((a, b) =>
	a.provider.title.localeCompare(b.provider.title, 'en'),
);

export const providers: readonly Provider[] = vendors.map(({ provider }) => provider);
