import { UnexpectedAnswer } from '../../core/describe/errors';
import { choice, ids } from '../../core/describe/field';
import type { Exchange, WireRequest } from '../../core/describe/host';
import { operation } from '../../core/describe/operation';
import type { Session } from '../../core/describe/connection';
import type { WebLink } from '../../core/describe/records';
import { acknowledged, done, openLogin } from './answer';
import { TITLE, type ITracksenseConnection } from './connection';
import { anyForm } from './fields';
import { method } from './method';
import { PATHS } from './paths';

const DAY_MS = 86_400_000;
/** Section 4: "the maximum valid period is 180 days". A day less, so that it does not end under way. */
const LIFETIME_MS = 179 * DAY_MS;

/**
 * Logs in (section 4). Whether the token before it dies is not documented, so this is only called when there is none.
 */
export async function login(
	{ account, secret }: ITracksenseConnection,
	exchange: Exchange,
	now: () => number,
): Promise<Session> {
	const token = openLogin(
		await exchange({ method: 'POST', path: PATHS[4].path, json: { LoginName: account, PassWord: secret } }),
	);
	if (typeof token !== 'string' || token.trim() === '')
		throw new UnexpectedAnswer(`${TITLE} accepted the login but sent no token.`, {
			advice: 'Check the base URL in the account.',
		});
	return { token: token.trim(), expiresAt: now() + LIFETIME_MS };
}

/** Each method but the login carries the token in a header (section 2; facts 1.1). */
export function sign(request: WireRequest, token: string): WireRequest {
	return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

export const logOut = operation({
	resource: 'session',
	name: 'logOut',
	title: 'Log Out',
	action: 'Log out of the account',
	description: 'End the session of the account, which all nodes share. The next request logs in again.',
	effect: 'write',
	endsSession: true,
	params: {},
	request: () => ({ json: {} }),
	target: () => ({ target: null, command: 'Log out' }),
	answer: acknowledged,
	rows: (answer) => {
		const outcome = done(answer);
		return [
			{
				...outcome,
				...(outcome.outcome === 'confirmed' ? { explanation: 'The vendor answered without an error.' } : {}),
				response: outcome.response ?? answer.words,
			},
		];
	},
	...method(5, 'The answer is not documented: it is passed through as the response.'),
});

/** Section 42, fun. */
const PAGES = { onlineMonitor: '1', mapMonitor: '2', history: '3', report: '4', login: '5' } as const;

export const getWebLink = operation({
	resource: 'session',
	name: 'getWebLink',
	title: 'Get Web Link',
	action: "Get a link to the vendor's map",
	description:
		"Make a link to the vendor's web pages that opens without a login. Nothing is sent. The link contains the session: anyone who has it is logged in to the account, with all its rights, until Log Out. Allow Web Links must be on in the account.",
	effect: 'read',
	handsOutSession: true,
	params: {
		page: choice({
			title: 'Page',
			description: 'Page that the link opens',
			options: [
				{ value: 'onlineMonitor', title: 'Online Monitor' },
				{ value: 'mapMonitor', title: 'Map Monitor' },
				{ value: 'history', title: 'History Trace' },
				{ value: 'report', title: 'Report' },
				{ value: 'login', title: 'Login' },
			],
			initial: 'mapMonitor',
		}),
		nameBy: choice({
			title: 'Vehicles By',
			description: 'How the vehicles on the page are chosen',
			options: [
				{ value: 'all', title: 'All Vehicles' },
				{ value: 'device', title: 'Device ID' },
				{ value: 'plate', title: 'Plate' },
			],
			initial: 'all',
		}),
		devices: ids({
			title: 'Devices',
			description: 'Device IDs of the vehicles',
			lookup: 'device',
			...anyForm.device,
			placeholder: 'e.g. 80222000000, 80222000001',
			when: { nameBy: ['device'] },
		}),
		plates: ids({
			title: 'Plates',
			description: 'Plates of the vehicles',
			lookup: 'plate',
			...anyForm.plate,
			placeholder: 'e.g. A0001, A0002',
			when: { nameBy: ['plate'] },
		}),
	},
	// Nothing is sent.
	request: () => ({}),
	answer: acknowledged,
	record: (row, _, { baseUrl }): WebLink => ({
		url: `${baseUrl.replace(/(?<!\/)\/+$/, '')}${PATHS[42].path}?${new URLSearchParams(row as Record<string, string>).toString()}`,
	}),
	kind: 'webLink',
	run: async function* (run, { page, nameBy, devices, plates }) {
		const vehicles = { all: undefined, device: devices, plate: plates }[nameBy];
		yield [
			{
				key: await run.token(),
				...(vehicles === undefined ? {} : { ids: vehicles.join(','), type: nameBy === 'plate' ? '1' : '0' }),
				fun: PAGES[page],
			},
		];
	},
	...method(42),
});
