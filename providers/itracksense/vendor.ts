import type { Vendor } from '../vendor';
import { itracksense } from './index';

export const vendor: Vendor = {
	provider: itracksense,
	module: 'itracksense',
	covers: 'vehicles, assets, locks, SIM cards',
	extent: 'every documented method',
	keywords: [],
	icon: {
		drawing: [
			'<circle cx="30" cy="42" r="7" fill="{near}"/>',
			'<path d="M17 33a17 17 0 0 1 26 0" stroke="{near}" stroke-width="6" stroke-linecap="round"/>',
			'<path d="M7 23a31 31 0 0 1 46 0" stroke="{far}" stroke-width="6" stroke-linecap="round"/>',
		],
		light: { near: '#7C3AED', far: '#A78BFA' },
		dark: { near: '#A78BFA', far: '#C4B5FD' },
	},
	n8n: {
		className: 'ITracksense',
		node: 'Track vehicles and assets, and work locks and SIM cards with iTracksense',
		trigger: 'Starts the workflow on alarms, positions, locks and geofences in iTracksense',
		alias: ['asset', 'lock', 'SIM'],
		// Whatever the bare address answers, it costs nothing of the quota.
		test: { path: '/', anyAnswer: true },
	},
	color: '#B7A3CF',
};
