import { expect, test } from 'vitest';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { ctrack } from '../../providers/ctrack';
import { trackceo } from '../../providers/protrack/trackceo';
import { trackgps } from '../../providers/trackgps';
import { lifetimeOf } from './lifetime';
import { logIn } from './session';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

const LIFETIMES: [told: unknown, ms: number][] = [
	[7200, 7_200_000],
	['7200', 7_200_000],
	[90.5, 90_500],
	// With each of these, every request would log in.
	[1, MINUTE],
	[1e-9, MINUTE],
	['0.5', MINUTE],
];
/** Unsaid, or what cannot be. */
const NONE = [
	0,
	-1,
	null,
	undefined,
	'soon',
	'',
	{},
	[7200],
	true,
	NaN,
	Infinity,
	'1e999',
	1e15,
	1e300,
	'9'.repeat(400),
];
test.each([...LIFETIMES, ...NONE.map((told): [unknown, number] => [told, 3_600_000])])(
	'a session of %j seconds lasts for %d ms',
	(told, ms) => {
		expect(lifetimeOf(told, 1000, 3600)).toBe(ms);
	},
);

test.each([
	[trackceo, (expires_in: unknown) => ({ code: 0, record: { access_token: 'a-token-of-a-vendor', expires_in } })],
	[trackgps, (expires_in: unknown) => ({ access_token: 'a-token-of-a-vendor', expires_in })],
	[
		ctrack,
		(minutes: unknown) => ({ UserId: 1, SessionToken: 'a-token-of-a-vendor', SessionDurationMinutes: minutes }),
	],
])('whatever a vendor says, a session lasts between half a minute and a year', async (provider, answer) => {
	const connection: Connection & { secret: string } = {
		baseUrl: 'http://vendor.example',
		account: 'demo',
		secret: 'demo-secret',
		allowCommands: false,
		allowPrivateAddresses: false,
		rateLimit: 60,
	};
	for (const value of [1e-9, 1, 0, -1, 'soon', null, {}, '1e999', 1e15, 1e300]) {
		const body = JSON.stringify(answer(value));
		const exchange = () => Promise.resolve({ status: 200, headers: {}, body });
		const { expiresAt } = await logIn(provider as Provider, connection, exchange, () => 0);
		expect(expiresAt, String(value)).toBeGreaterThanOrEqual(MINUTE / 2);
		expect(expiresAt, String(value)).toBeLessThanOrEqual(366 * DAY);
	}
});
