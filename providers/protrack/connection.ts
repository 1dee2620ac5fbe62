import { choice, text, type Fields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import { LONGEST, sharedFields } from '../account-fields';
import { md5 } from './md5';

export interface ProtrackConnection extends Connection {
	account: string;
	/** What `secret` holds. */
	secretType: 'password' | 'md5';
	secret: string;
	/** Whose devices pickers, * and triggers mean. */
	fleet?: 'listed' | 'withSubAccounts' | 'oneSubAccount';
	/** The sub-account, where they are one's. */
	fleetAccount?: string;
}

const MD5 = /^[0-9a-f]{32}$/;

const OTHERS = 'Other brands of the same platform work too: put their address here.';

/** Account settings of one brand of the platform. */
export function connectionFields(title: string, baseUrl: string, requestsPerMinute: number): Fields {
	return {
		baseUrl: text({
			title: 'Base URL',
			description: baseUrl.startsWith('https:')
				? `Address of ${title}'s API. ${OTHERS}`
				: `Address of the API, as in ${title}'s documentation. ${OTHERS} The documented address is plain http, which sends the login signature and positions unencrypted; try https:// and keep it if it works.`,
			initial: baseUrl,
			placeholder: baseUrl,
			max: LONGEST.baseUrl,
		}),
		account: text({
			title: 'Account',
			description: `Name of the ${title} account. Its provider must have enabled the Open API for it.`,
			placeholder: 'e.g. mycompany',
			max: LONGEST.account,
		}),
		secretType: choice({
			title: 'Secret Type',
			description:
				'Whether the secret below is the password itself or its md5. The platform never sees the password, so its md5 is enough.',
			options: [
				{ value: 'password', title: 'Password' },
				{ value: 'md5', title: 'MD5 of the Password' },
			],
			initial: 'password',
		}),
		secret: text({
			title: 'Secret',
			description: 'The password, or its md5 as 32 lower-case hexadecimal characters',
			secret: true,
			secretForms: (secret) => [md5(secret)],
			max: LONGEST.secret,
		}),
		fleet: choice({
			title: 'Devices',
			description:
				"Which devices the pickers, * and the triggers mean. The vendor's list has the account's own devices, on some servers those of its sub-accounts, too. A distributor's devices are often its sub-accounts'.",
			options: [
				{ value: 'listed', title: "The Vendor's List" },
				{ value: 'withSubAccounts', title: 'Own and Sub-Accounts' },
				{ value: 'oneSubAccount', title: 'One Sub-Account' },
			],
			initial: 'listed',
			affectsLogin: false,
		}),
		fleetAccount: text({
			title: 'Sub-Account',
			description: 'Name of the sub-account whose devices are meant, if Devices is One Sub-Account',
			placeholder: 'e.g. demo',
			max: LONGEST.account,
			optional: true,
			affectsLogin: false,
		}),
		...sharedFields({
			commands:
				'Whether Fleetwire may act on vehicles and accounts: stop engines, lock doors, block accounts, set passwords. While off, none of these is ever sent.',
			limit: `${title} does not publish its limit; this default is a cautious guess, and Fleetwire slows down when the vendor asks for it.`,
			requestsPerMinute,
		}),
	};
}

/** Says what is wrong with an account's secret, or nothing. */
export function secretProblem({
	secretType,
	secret,
}: Pick<ProtrackConnection, 'secretType' | 'secret'>): string | undefined {
	if (secretType === 'md5' && !MD5.test(secret))
		return 'The secret is not an md5: that has 32 characters, 0-9 and a-f in lower case. To give the password itself, set Secret Type to Password.';
	return undefined;
}
