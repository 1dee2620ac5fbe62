import { text, timeZone, type Fields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import { LONGEST, sharedFields } from '../account-fields';

export interface TrackgpsConnection extends Connection {
	account: string;
	secret: string;
	/** IANA zone of the company: all the vendor's times are local. */
	timeZone: string;
}

const BASE_URL = 'https://api.trackgps.ro';

/** Facts 2.1, grade C: one request in 30 s per user, over all methods but the login. */
export const REQUESTS_PER_MINUTE = 2;

export const connectionFields: Fields = {
	baseUrl: text({
		title: 'Base URL',
		description: 'Address of the API, as in the documentation of TrackGPS.ro',
		initial: BASE_URL,
		placeholder: BASE_URL,
		max: LONGEST.baseUrl,
	}),
	account: text({
		title: 'Account',
		description:
			'Name of the TrackGPS.ro user. One of its own is best: all programs that use it share its one request in 30 s.',
		placeholder: 'e.g. mycompany',
		max: LONGEST.account,
	}),
	secret: text({ title: 'Secret', description: 'The password', secret: true, max: LONGEST.secret }),
	timeZone: timeZone(
		'Time zone of the company in TrackGPS.ro, as an IANA name. All its times are local ones.',
		'Europe/Bucharest',
		{ affectsLogin: false },
	),
	...sharedFields({
		commands:
			'Whether Fleetwire may act on vehicles and accounts. TrackGPS.ro has no such operations, so this has no effect.',
		limit: 'TrackGPS.ro takes one request in 30 s, which is 2; its support can raise that.',
		requestsPerMinute: REQUESTS_PER_MINUTE,
	}),
};

/** The zone that an operation gets with the account. */
export const zoneOf = (connection: Connection) => (connection as TrackgpsConnection).timeZone;
