import type { Brand } from './brand';
import { protrack, vendorOf } from './platform';

/** The newer of the platform's two documents. */
const BRAND: Brand = {
	name: 'trackceo',
	title: 'TrackCEO',
	className: 'TrackCeo',
	baseUrl: 'http://api.trackceo.com',
	alarmTypes: 44,
	setsMileage: true,
	setsPasswords: true,
	extent: 'every documented method',
	icon: {
		drawing: [
			'<path d="M30 1C17.5 1 8 10.6 8 23c0 15.2 22 36 22 36s22-20.8 22-36C52 10.6 42.5 1 30 1Z" fill="{pin}"/>',
			'<path d="m30 9 10.5 26L30 30 19.5 35Z" fill="{ground}"/>',
		],
		light: { pin: '#1B6FE0', ground: '#fff' },
		dark: { pin: '#6FA8FF', ground: '#10233F' },
	},
	color: '#8FB4CC',
};

export const trackceo = protrack(BRAND);
export const vendor = vendorOf(trackceo, BRAND);
