import * as z from 'zod/v4';
import { flag, number, text, type Fields } from '../../core/field';
import type { Connection } from '../../core/provider';
import { isTimeZone } from '../../core/time';

export interface TrackgpsConnection extends Connection {
	secret: string;
	/** IANA zone of the company: all the vendor's times are local. */
	timeZone: string;
}

export const BASE_URL = 'https://api.trackgps.ro';

/** Facts 2.1, grade C: one request in 30 s per user, over all methods but the login. */
export const REQUESTS_PER_MINUTE = 2;

export const connectionFields: Fields = {
	baseUrl: text({ title: 'Base URL', description: 'Address of the API, as in the documentation of TrackGPS.ro', initial: BASE_URL, placeholder: BASE_URL }),
	account: text({ title: 'Account', description: 'Name of the TrackGPS.ro user. One of its own is best: all programs that use it share its one request in 30 s.', placeholder: 'e.g. mycompany' }),
	secret: text({ title: 'Secret', description: 'The password', secret: true }),
	timeZone: zone(),
	allowCommands: flag({ title: 'Allow Commands', description: 'Whether flows may act on vehicles and accounts. TrackGPS.ro offers nothing of the kind, so this changes nothing.', initial: false }),
	rateLimit: number({
		title: 'Rate Limit',
		description: 'Most requests per minute, over all nodes of this account. TrackGPS.ro takes one request in 30 s, which is 2; its support can raise that.',
		unit: 'requests per minute',
		min: 1,
		max: 60_000,
		integer: true,
		initial: REQUESTS_PER_MINUTE,
	}),
	allowPrivateAddresses: flag({
		title: 'Allow Private Addresses',
		description: 'Whether the base URL may lead to this machine or a private network, which only a simulator or a gateway of your own needs',
		initial: false,
	}),
};

function zone() {
	const field = text({ title: 'Time Zone', description: 'Time zone of the company in TrackGPS.ro, as an IANA name. All its times are local ones.', initial: 'Europe/Bucharest', placeholder: 'e.g. Europe/Bucharest' });
	const schema = z.string().refine(isTimeZone, { error: 'Time Zone must be an IANA name such as Europe/Bucharest.' });
	return { ...field, schema: field.schema.pipe(schema) };
}

/** The zone that an operation gets with the account. */
export const zoneOf = (connection: Connection) => (connection as TrackgpsConnection).timeZone;
