import type { Brand } from './brand';
import { protrack, vendorOf } from './platform';

/** The platform's own brand. Programs that use it are known (facts 4.1), and its methods from TrackCEO's document. */
const BRAND: Brand = {
	name: 'protrack365',
	title: 'Protrack365',
	className: 'Protrack365',
	baseUrl: 'https://api.protrack365.com',
	alarmTypes: 44,
	setsMileage: true,
	setsPasswords: true,
	extent: "the same as TrackCEO's, whose documentation describes the platform",
	atBest: 'L',
	icon: {
		drawing: [
			'<path d="M16 54V9h17a14.5 14.5 0 0 1 0 29H16" stroke="{letter}" stroke-width="9" stroke-linecap="round" stroke-linejoin="round"/>',
			'<circle cx="44" cy="50" r="6" fill="{dot}"/>',
		],
		light: { letter: '#0E7490', dot: '#E11D48' },
		dark: { letter: '#22D3EE', dot: '#FB7185' },
	},
	color: '#86BDB8',
};

export const protrack365 = protrack(BRAND);
export const vendor = vendorOf(protrack365, BRAND);
