import type { ProviderName } from '../../../core/provider';

/** How a vendor's nodes look in the palette: a muted colour each, and a drawing of icons/. */
export const LOOKS: Partial<Record<ProviderName, { color: string; icon: string }>> = {
	trackceo: { color: '#8FB4CC', icon: 'fleetwire-trackceo.svg' },
	etrack: { color: '#9CBF9A', icon: 'fleetwire-etrack.svg' },
};
