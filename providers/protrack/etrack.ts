import type { Brand } from './brand';
import { protrack, vendorOf } from './platform';

/** The older of the platform's two documents. */
const BRAND: Brand = {
	name: 'etrack',
	title: 'eTrack',
	className: 'ETrack',
	baseUrl: 'http://api.etrack.vip',
	alarmTypes: 27,
	setsMileage: false,
	setsPasswords: false,
	extent: 'every documented method',
	icon: {
		drawing: [
			'<path d="M10 29h38a19 19 0 1 0-6.4 14.2" stroke="{letter}" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/>',
			'<circle cx="50.5" cy="51.5" r="6" fill="{dot}"/>',
		],
		light: { letter: '#0E9F6E', dot: '#F59E0B' },
		dark: { letter: '#34D399', dot: '#FBBF24' },
	},
	color: '#9CBF9A',
};

export const etrack = protrack(BRAND);
export const vendor = vendorOf(etrack, BRAND);
