import { flag, json, text, timeZone, type Fields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import { LONGEST, sharedFields } from '../account-fields';

export const TITLE = 'iTracksense';
const BASE_URL = 'http://openapi.itracksense.com';

export interface ITracksenseConnection extends Connection {
	account: string;
	/** The account's password, as the login sends it (section 4). */
	secret: string;
	/** IANA zone of all times in requests and answers. */
	timeZone: string;
	/** Paths of methods, by "<resource>.<operation>". */
	methodPaths?: Record<string, unknown>;
}

/** Account settings; their names are stored by users. */
export function connectionFields(requestsPerMinute: number): Fields {
	return {
		baseUrl: text({
			title: 'Base URL',
			description:
				"Address of the API, as in iTracksense's documentation. The documented address is plain http, which sends the password and positions unencrypted; try https:// and keep it if it works.",
			initial: BASE_URL,
			placeholder: BASE_URL,
			max: LONGEST.baseUrl,
		}),
		account: text({
			title: 'Account',
			description: 'Login name of the iTracksense account',
			placeholder: 'e.g. mycompany',
			max: LONGEST.account,
		}),
		secret: text({
			title: 'Password',
			description: 'Password of the account. The login sends it as it is, so https matters.',
			secret: true,
			max: LONGEST.secret,
		}),
		timeZone: timeZone(
			"Time zone of the vendor's times, as an IANA name. It is not documented; Asia/Shanghai is assumed, because a documented sample fits working hours there. To check, compare the time of a current position with a clock.",
			'Asia/Shanghai',
			{ affectsLogin: false },
		),
		methodPaths: json({
			title: 'Method Paths',
			description:
				'Paths of methods as JSON, for example {"position.getHistory": "/api/vehicle/TheMethod"}. Most paths are missing from the documentation. Reads try the most likely path; writes and commands are refused until their path is set here. The names are resource, dot, operation.',
			optional: true,
			initial: '{}',
			affectsLogin: false,
		}),
		...sharedFields({
			commands:
				'Whether Fleetwire may act on vehicles, locks and SIM cards: open locks, send commands and SMS, switch SIM cards off. While off, none of these is ever sent.',
			limit: 'iTracksense does not publish its limit; this default is a cautious guess, and Fleetwire slows down when the vendor asks for it.',
			requestsPerMinute,
		}),
		allowWebLinks: flag({
			title: 'Allow Web Links',
			description:
				"Whether Fleetwire may make links to iTracksense's web pages. Such a link contains the session: anyone who has it is logged in to the account, with all its rights, until Log Out.",
			initial: false,
			affectsLogin: false,
		}),
	};
}
