import { choice, text, type Fields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import { LONGEST, sharedFields } from '../account-fields';

export const TITLE = 'Ctrack';

/** The document's test environment. Every customer has an address of their own (facts 3.1). */
const SANDBOX = 'https://uksb-fleet.ctrack.com/DCTTPIEngine/TPIEngine/REST';

export type TimeUnit = 'second' | 'minute' | 'hour';

const TIME_UNITS = [
	{ value: 'second', title: 'Seconds' },
	{ value: 'minute', title: 'Minutes' },
	{ value: 'hour', title: 'Hours' },
] as const;

export interface CtrackConnection extends Connection {
	account: string;
	secret: string;
	speedUnit: 'kmh' | 'mph';
	odometerUnit: 'metre' | 'kilometre' | 'mile';
	/** Accounts from before there was a choice have none of these. */
	durationUnit?: TimeUnit;
	runningHoursUnit?: TimeUnit;
}

/** Account settings; their names are stored by users. */
export function connectionFields(requestsPerMinute: number): Fields {
	return {
		baseUrl: text({
			title: 'Base URL',
			description:
				'Address of the API that Ctrack gave you, up to and including /REST. Every customer has their own; the one shown is the documented test environment.',
			placeholder: SANDBOX,
			max: LONGEST.baseUrl,
		}),
		account: text({
			title: 'Account',
			description:
				'Username of the API user. Ctrack issues one for each company, so all of its programs share it.',
			placeholder: 'e.g. API_Demo',
			max: LONGEST.account,
		}),
		secret: text({ title: 'Secret', description: 'Password of the API user', secret: true, max: LONGEST.secret }),
		speedUnit: choice({
			title: 'Speed Unit',
			description:
				"Unit of Ctrack's speeds; it is not documented. Kilometres per hour are assumed, as in a sister product. Compare a speed with Ctrack Fleet, and choose another unit if they differ.",
			options: [
				{ value: 'kmh', title: 'Kilometres per Hour' },
				{ value: 'mph', title: 'Miles per Hour' },
			],
			initial: 'kmh',
			affectsLogin: false,
		}),
		odometerUnit: choice({
			title: 'Odometer Unit',
			description:
				"Unit of Ctrack's odometers and distances; it is not documented. Metres are assumed, as in a sister product. Compare an odometer with Ctrack Fleet, and choose another unit if they differ.",
			options: [
				{ value: 'metre', title: 'Metres' },
				{ value: 'kilometre', title: 'Kilometres' },
				{ value: 'mile', title: 'Miles' },
			],
			initial: 'metre',
			affectsLogin: false,
		}),
		durationUnit: choice({
			title: 'Duration Unit',
			description:
				"Unit of Ctrack's driving times; it is not documented. Seconds are assumed, as in a sister product. Compare a trip with Ctrack Fleet, and choose another unit if they differ.",
			options: TIME_UNITS,
			initial: 'second',
			affectsLogin: false,
		}),
		runningHoursUnit: choice({
			title: 'Running Hours Unit',
			description:
				"Unit of Ctrack's running hours; it is not documented. Hours are assumed, after their name. Compare a vehicle with Ctrack Fleet, and choose another unit if they differ.",
			options: TIME_UNITS,
			initial: 'hour',
			affectsLogin: false,
		}),
		...sharedFields({
			commands: "Whether Fleetwire may act on vehicles and accounts. Nothing in Ctrack's API does, so far.",
			limit: `${TITLE} sets the limit by contract; this default is a cautious guess, and Fleetwire slows down when the vendor asks for it.`,
			requestsPerMinute,
		}),
	};
}
