import type { Vendor } from '../vendor';
import { trackgps } from './index';

export const vendor: Vendor = {
	provider: trackgps,
	module: 'trackgps',
	covers: 'refills and thefts of fuel, positions, history, stops, consumption, temperatures',
	keywords: [],
	icon: {
		drawing: [
			'<path d="M30 3s18 20 18 34a18 18 0 0 1-36 0C12 23 30 3 30 3Z" fill="{drop}"/>',
			'<path d="M30 25v12l9 6" stroke="{ground}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/>',
		],
		light: { drop: '#B91C1C', ground: '#fff' },
		dark: { drop: '#F87171', ground: '#2A0F0F' },
	},
	n8n: {
		className: 'TrackGps',
		node: 'Track vehicles and read refills, thefts, consumption, stops and temperatures with TrackGPS.ro',
		trigger: 'Starts the workflow on refills, thefts of fuel and positions in TrackGPS.ro',
		alias: ['fuel', 'refill', 'theft', 'AROBS'],
		// Whatever the bare address answers, it costs nothing of the quota.
		test: { path: '/', anyAnswer: true },
	},
	color: '#CF9E9E',
};
