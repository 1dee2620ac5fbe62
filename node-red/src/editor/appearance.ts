import type { ProviderName } from '../../../core/describe/provider';

/** How a vendor's nodes look in the palette: a muted colour each, and a drawing of icons/. */
export const APPEARANCE: Record<ProviderName, { color: string; icon: string }> = {
	ctrack: { color: '#D2A98C', icon: 'fleetwire-ctrack.svg' },
	trackceo: { color: '#8FB4CC', icon: 'fleetwire-trackceo.svg' },
	etrack: { color: '#9CBF9A', icon: 'fleetwire-etrack.svg' },
	itracksense: { color: '#B7A3CF', icon: 'fleetwire-itracksense.svg' },
	trackgps: { color: '#CF9E9E', icon: 'fleetwire-trackgps.svg' },
};
