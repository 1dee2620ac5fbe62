import { flag, number } from '../core/describe/field';

/** Most characters of what an account is named by: no vendor comes near, and whatever is longer is no name. */
export const LONGEST = { baseUrl: 2000, account: 300, secret: 1000 } as const;

/** Settings that every vendor's account has. Their names are stored by users. */
export function sharedFields({
	commands,
	limit,
	requestsPerMinute,
}: {
	commands: string;
	limit: string;
	requestsPerMinute: number;
}) {
	return {
		allowCommands: flag({ title: 'Allow Commands', description: commands, initial: false, affectsLogin: false }),
		rateLimit: number({
			title: 'Rate Limit',
			description: `Maximum requests per minute, for all nodes of this account together. ${limit}`,
			unit: 'requests per minute',
			min: 1,
			max: 60_000,
			integer: true,
			initial: requestsPerMinute,
			affectsLogin: false,
		}),
		processes: number({
			title: 'Processes',
			description:
				'How many workers or instances use this account at the same time. Each of them keeps to its share of the rate limit.',
			min: 1,
			max: 100,
			integer: true,
			// Accounts that were saved before there was this have none.
			optional: true,
			initial: 1,
			affectsLogin: false,
		}),
		allowPrivateAddresses: flag({
			title: 'Allow Private Addresses',
			description:
				'Whether the base URL may lead to this machine or a private network, which only a simulator or a gateway of your own needs',
			initial: false,
			affectsLogin: false,
		}),
	};
}
