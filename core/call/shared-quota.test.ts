/** Several processes that share an account and its quota: each knows its share, and nothing of the others. */
import { z } from 'zod/v4';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { mostInAMinute } from '../../test/support/most-in-a-minute';
import { SIGNED_IN } from '../../test/support/signed-in';
import { json, TestHost } from '../../test/support/test-host';
import type { Limits, Provider } from '../describe/provider';
import { operation } from '../describe/operation';
import { RateLimited, type FleetError } from '../describe/errors';
import type { WireAnswer } from '../describe/host';
import { trackceo } from '../../providers/protrack/trackceo';
import { trackgps } from '../../providers/trackgps';
import { Client } from './client';

const MINUTE = 60_000;
const ANSWER_MS = 300;
let seed = 1;
/** The same every time. */
const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
beforeEach(() => {
	seed = 20_261_127;
	vi.spyOn(Math, 'random').mockImplementation(random);
});
afterEach(() => vi.restoreAllMocks());

const read = operation({
	resource: 'thing',
	name: 'read',
	title: 'Read',
	action: '',
	description: '',
	effect: 'read',
	route: 'GET /things',
	params: {},
	answer: z.looseObject({}),
	rows: () => [{}],
	record: () => ({}),
	kind: 'other',
	evidence: { section: '1', grade: 'C' },
});

let accounts = 0;

/** @param answer what the vendor says at this time */
function processesOf(
	limits: Limits,
	{
		rateLimit,
		processes,
		answer,
		loggedIn = true,
	}: {
		rateLimit: number;
		processes: number;
		answer: (now: number) => WireAnswer;
		/** Otherwise their session is one that was stored before. */
		loggedIn?: boolean;
	},
) {
	const clock = new TestHost(() => json({}));
	const requests: { at: number; status: number }[] = [];
	const provider: Provider = {
		...SIGNED_IN,
		open: ({ status, headers }) => {
			if (status === 429)
				throw new RateLimited('Too many.', {
					status,
					retryable: true,
					retryAfterMs:
						headers['retry-after'] === undefined ? undefined : 1000 * Number(headers['retry-after']),
				});
			return {};
		},
		limits,
		operations: [read],
	};
	const clients = Array.from({ length: processes }, () => {
		const host = new TestHost(async () => {
			const at = clock.now();
			const answered = answer(at);
			requests.push({ at, status: answered.status });
			await clock.sleep(random() * ANSWER_MS);
			return answered;
		});
		host.now = () => clock.now();
		host.sleep = (ms, signal) => clock.sleep(ms, signal);
		const connection = {
			baseUrl: 'https://vendor.example',
			account: `as process ${String(accounts++)} knows it`,
			allowCommands: false,
			allowPrivateAddresses: false,
			rateLimit,
			processes,
		};
		const client = new Client(provider, connection, host);
		client.shared.sessions.loggedIn = loggedIn;
		if (loggedIn) client.shared.accept(host);
		return client;
	});
	const run = async (times: number) =>
		await Promise.all(
			Array.from({ length: times }, (_, count) =>
				clients[count % processes]!.collect(read, {}, { deadlineMs: 60 * MINUTE }).then(
					() => 'done',
					(error: unknown) => (error as FleetError).sentence,
				),
			),
		);
	return { clock, requests, run };
}

test.each([2, 3, 7])('%i processes keep to one quota together', async (processes) => {
	const rateLimit = 30;
	const { requests, run } = processesOf(trackceo.limits, { rateLimit, processes, answer: () => json({}) });
	expect(new Set(await run(90))).toEqual(new Set(['done']));
	expect(requests).toHaveLength(90);
	expect(mostInAMinute(requests)).toBeLessThanOrEqual(rateLimit + Math.min(trackceo.limits.burst, rateLimit));
});

test.each([
	{ processes: 3, retryAfter: true, loggedIn: true },
	{ processes: 3, retryAfter: true, loggedIn: false },
	{ processes: 3, retryAfter: false, loggedIn: true },
	{ processes: 3, retryAfter: false, loggedIn: false },
	{ processes: 2, retryAfter: true, loggedIn: false },
	{ processes: 4, retryAfter: true, loggedIn: false },
	{ processes: 6, retryAfter: true, loggedIn: false },
])(
	'where one request in 30 s is all, they find moments of their own (%j)',
	async ({ processes, retryAfter, loggedIn }) => {
		const { limits } = trackgps;
		let accepted = -Infinity;
		const { clock, requests, run } = processesOf(limits, {
			rateLimit: limits.requestsPerMinute,
			processes,
			loggedIn,
			answer: (now) => {
				const left = accepted + 30_000 - now;
				if (left > 0) return json({}, 429, retryAfter ? { 'retry-after': String(Math.ceil(left / 1000)) } : {});
				accepted = now;
				return json({});
			},
		});
		const began = clock.now();
		expect(new Set(await run(20))).toEqual(new Set(['done']));
		expect(requests.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(
			processes <= 3 ? 6 : processes ** 2,
		);
		expect(clock.now() - began).toBeLessThanOrEqual(20 * 45_000);
	},
);
