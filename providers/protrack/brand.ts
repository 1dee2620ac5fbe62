import type { ProviderName } from '../../core/describe/provider';

/** What differs between the two documents of the platform; everything else is the same. */
export interface Brand {
	name: ProviderName;
	title: string;
	baseUrl: string;
	/** Kinds of alarm in section 2.8, counted from 1. */
	alarmTypes: number;
	/** Whether section 2.5 has SET_MILEAGE. */
	setsMileage: boolean;
	/** Whether there is a section 2.16, modify sub-customer password. */
	setsPasswords: boolean;
}

export const TRACKCEO: Brand = {
	name: 'trackceo',
	title: 'TrackCEO',
	baseUrl: 'http://api.trackceo.com',
	alarmTypes: 44,
	setsMileage: true,
	setsPasswords: true,
};
export const ETRACK: Brand = {
	name: 'etrack',
	title: 'eTrack',
	baseUrl: 'http://api.etrack.vip',
	alarmTypes: 27,
	setsMileage: false,
	setsPasswords: false,
};
