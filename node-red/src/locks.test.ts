import type { NodeAPI } from 'node-red';
import { expect, test } from 'vitest';
import type { Connection } from '../../core/describe/connection';
import { locksOf, within } from './locks';

const locks = (fleetwire: unknown) => locksOf({ settings: { fleetwire } } as unknown as NodeAPI);

test.each([
	[undefined, false, false],
	[null, false, false],
	[{}, false, false],
	[{ allowPrivateAddresses: true, allowCommands: true }, false, false],
	[{ allowPrivateAddresses: false }, true, false],
	[{ allowCommands: false }, false, true],
	// What is not plainly allowed is forbidden.
	[{ allowPrivateAddresses: 'false', allowCommands: 0 }, true, true],
	[{ allowPrivateAddresses: null, allowCommands: 'true' }, true, true],
])('settings.js with fleetwire: %j', (fleetwire, privateAddresses, commands) =>
	expect(locks(fleetwire)).toEqual({ privateAddresses, commands }),
);

test('an account has what it allows and settings.js does not forbid', () => {
	const connection: Connection = {
		baseUrl: 'https://vendor.example',
		account: 'demo',
		allowCommands: true,
		allowPrivateAddresses: true,
		rateLimit: 60,
	};
	expect(within(locks(undefined), connection)).toEqual(connection);
	expect(within(locks({ allowPrivateAddresses: false, allowCommands: false }), connection)).toEqual({
		...connection,
		allowCommands: false,
		allowPrivateAddresses: false,
	});
	for (const baseUrl of [
		'http://10.0.0.1',
		'http://localhost',
		'http://[::1]',
		'http://169.254.169.254',
		'http://168.63.129.16',
	]) {
		expect(() => within(locks({ allowPrivateAddresses: false }), { ...connection, baseUrl })).toThrow(
			'does not lead to a public address',
		);
	}
});
