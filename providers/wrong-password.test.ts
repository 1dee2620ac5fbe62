import { afterEach, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { readFields } from '../core/describe/field';
import type { FleetError } from '../core/describe/errors';
import type { Connection } from '../core/describe/connection';
import { FetchHost } from '../test/support/fetch-host';
import { NOW, startVendor, VENDOR_NAMES, type TestVendor } from '../test/hosts/vendor';

const RUNS = 300;

let running: TestVendor | undefined;
afterEach(() => running?.close());

test.each(VENDOR_NAMES)(
	'%s: runs with a wrong password neither hold up who knows the right one, nor log in each',
	async (name) => {
		const vendor = (running = await startVendor(name));
		const { provider, simulator } = vendor;
		let passed = 0;
		const clock = { now: () => simulator.now() + passed, pass: (ms: number) => (passed += ms) };
		const clientOf = (settings: object) => {
			const connection = readFields(
				provider.connection,
				{ ...vendor.connection, ...settings },
				{ now: NOW, timeZone: 'UTC' },
			) as unknown as Connection;
			return new Client(provider, connection, new FetchHost(provider, connection, clock));
		};
		const { operation } = provider.positions!;
		const params = vendor.paramsOf(operation);
		const right = clientOf({});
		expect(await right.collect(operation, params)).not.toHaveLength(0);
		const isLogin = ({ path }: { path: string }) => vendor.login.test(path);
		const before = simulator.requests.length;
		simulator.fail({ kind: 'drip', everyMs: 10, match: isLogin, times: Infinity });
		let over = 0;
		const wrong = Array.from({ length: RUNS }, () =>
			clientOf({ secret: 'mistyped-secret' })
				.collect(operation, params)
				.catch((error: unknown) => (error as FleetError).code)
				.finally(() => (over += 1)),
		);
		for (let count = 0; count < 3; count++) expect(await right.collect(operation, params)).not.toHaveLength(0);
		expect(over).toBe(0);
		expect(new Set(await Promise.all(wrong))).toEqual(new Set(['LoginRejected']));
		const since = simulator.requests.slice(before);
		expect(since.filter(isLogin).length).toBeLessThanOrEqual(3);
		expect(since.filter((request) => !isLogin(request))).toHaveLength(3);
	},
);
