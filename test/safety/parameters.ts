/**
 * 12: whatever is put into an operation's fields gives requests that the vendor's document allows, or one clear
 * sentence.
 */
import fc from 'fast-check';
import { Client } from '../../core/call/client';
import { FleetError, TimedOut } from '../../core/describe/errors';
import type { Field, Fields } from '../../core/describe/field';
import { addressOf, type WireRequest } from '../../core/describe/host';
import type { AnyOperation } from '../../core/describe/operation';
import { logIn } from '../../core/call/session';
import type { VendorRequest } from '../../simulators/exchange';
import { kitOf, nameOf, NOW, VENDOR_NAMES } from '../hosts/vendor';
import { connectionOf, recordingOf } from '../support/recordings';
import { TestHost } from '../support/test-host';
import { providerOf } from './hosts';
import type { Settings } from './main';
import type { Sheet } from './sheet';

const NASTY: readonly unknown[] = [
	undefined,
	null,
	'',
	' ',
	'*',
	'0',
	'-1',
	'1e999',
	'NaN',
	'true',
	'null',
	'[object Object]',
	'__proto__',
	'constructor',
	'../../etc/passwd',
	'..',
	'.',
	'%2e%2e%2f',
	'a/b?c=d#e&f=g',
	'x\r\nInjected: 1',
	'\u0000',
	'\ud800',
	'😀'.repeat(200),
	"'; DROP TABLE users; --",
	'<script>alert(1)</script>',
	'{{ 1 }}',
	'${PATH}',
	0,
	-0,
	-1,
	1.5,
	1e21,
	1e308,
	Infinity,
	NaN,
	true,
	false,
	10n,
	Symbol.iterator,
	[],
	[[]],
	[null],
	{},
	{ toMillis: 'x' },
	{ toString: null },
	new Date(NaN),
	() => 1,
	'x'.repeat(10_000),
	'2026-02-30',
	'2026-13-01T00:00:00Z',
	'0000-01-01',
	'9999-12-31T23:59:59Z',
	'-999999999d',
	253_402_300_800,
	8.64e15,
];

/** Values as users give them, from the right one to nonsense. */
function valueFor(field: Field, known: unknown): fc.Arbitrary<unknown> {
	const { min, max } = field;
	const near = [min, max].flatMap((bound) =>
		bound === undefined ? [] : [bound, bound - 1, bound + 1, bound - 0.5, String(bound)],
	);
	const kinds: Record<Field['kind'], fc.Arbitrary<unknown>> = {
		text: fc.oneof(
			fc.string({ maxLength: (max ?? 50) + 2 }),
			fc.string({ unit: 'binary', maxLength: 40 }),
			fc.constantFrom('Abc', 'a,b', 'Ünïcode 车'),
		),
		number: fc.oneof(
			fc.integer({ min: Math.ceil(min ?? -1000), max: Math.floor(max ?? 100_000) }),
			fc.double(),
			fc.double().map(String),
		),
		boolean: fc.constantFrom(true, false, 'true', 'FALSE', 1, 0),
		choice: fc.constantFrom(...(field.options ?? []).map(({ value }) => value), 'other'),
		choices: fc.oneof(
			fc.subarray((field.options ?? []).map(({ value }) => value)),
			fc.constantFrom('', 'other', ['other']),
		),
		time: fc.oneof(
			fc
				.integer({ min: Date.UTC(2025, 11, 20), max: Date.UTC(2026, 1, 10) })
				.map((ms) => new Date(ms).toISOString()),
			fc.integer({ min: Date.UTC(2025, 11, 20), max: Date.UTC(2026, 1, 10) }).map((ms) => Math.floor(ms / 1000)),
			fc.constantFrom(
				'now',
				'-1h',
				'-24h',
				'-7d',
				'-1h/h',
				'+1d',
				'-40w',
				'2026-01-30',
				'2026-01-30T08:00',
				'2026-01-30 08:00:00+02:00',
				'2026-01-30T10:30:00.250Z',
				0,
				-1,
			),
		),
		id: fc.oneof(
			fc.constantFrom('358899051000001', '566', '41001', '0'),
			fc.stringMatching(/^\d{1,20}$/),
			fc.string({ maxLength: 30 }),
		),
		ids: fc.oneof(
			fc.array(fc.stringMatching(/^\d{15}$/), { minLength: 1, maxLength: 250 }),
			fc.array(fc.stringMatching(/^\d{1,6}$/), { minLength: 1, maxLength: 40 }),
			fc.array(fc.stringMatching(/^\d{1,6}$/), { minLength: 1, maxLength: 40 }).map((list) => list.join(', ')),
			fc.constantFrom('*', ['*'], '*,1'),
		),
		json: fc.oneof(fc.json(), fc.jsonValue()),
	};
	return fc.oneof(
		{ arbitrary: fc.constant(known), weight: 5 },
		{ arbitrary: kinds[field.kind], weight: 6 },
		{ arbitrary: fc.constantFrom(...NASTY, ...near), weight: 2 },
		{ arbitrary: fc.anything(), weight: 1 },
	);
}

function inputFor(vendor: string, operation: AnyOperation): fc.Arbitrary<Record<string, unknown>> {
	const { simulated = {} } = recordingOf({ name: vendor }, nameOf(operation)) ?? {};
	const fields = Object.entries(operation.params as Fields).map(
		([name, field]) => [name, valueFor(field, simulated[name] ?? field.initial)] as const,
	);
	return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

/** A request as it arrives at a simulator. */
function arrived({ method, path, query = {}, form, json, headers = {} }: WireRequest, prefix: string): VendorRequest {
	return {
		method,
		path: new URL(`http://vendor${prefix}${path}`).pathname,
		query: Object.fromEntries(new URL(addressOf('http://vendor', { method, path, query })).searchParams),
		headers: {
			...headers,
			'content-type': form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
		},
		body:
			form === undefined
				? json === undefined
					? ''
					: JSON.stringify(json)
				: new URLSearchParams(form).toString(),
	};
}

const SENTENCE = /^[^\s].{14,}[.!?]"?\)?$/su;
const UNCLEAR = /undefined|\[object|NaN|did not expect|Invalid input|is not a function|Cannot read|Symbol\(/;
/** What was given is quoted, whatever it is. */
const clear = (message: string) =>
	SENTENCE.test(message) &&
	!UNCLEAR.test(
		message
			.replace(/not ".*?"(?=\.(?: |$))/gs, '')
			.replace(/"[^"]*"/g, '')
			.replace(/\bnot (NaN|undefined|null|an? \w+|Symbol\([^)]*\)|[^ ]+)(?=\.( |$))/g, ''),
	);
/** Longer runs are cut off; what they have asked for by then counts. */
const MOST_REQUESTS = 8;

/** Few points: what is looked at is what is asked. */
const SPARSE = { clock: () => NOW, fixIntervalSeconds: 86_400, fleetSize: 3 } as const;

export async function parameters(sheet: Sheet, { inputs, seed }: Settings): Promise<void> {
	const operations = VENDOR_NAMES.flatMap((vendor) =>
		providerOf(vendor).operations.map((operation) => ({ vendor, operation })),
	);
	const each = Math.ceil(inputs / operations.length);
	let [tried, refused, requests] = [0, 0, 0];
	const wrong: string[] = [];
	for (const { vendor, operation } of operations) {
		const provider = providerOf(vendor);
		const simulator = await kitOf(vendor).start(SPARSE);
		const prefix = new URL(simulator.url).pathname.replace(/\/$/, '');
		const connection = {
			...connectionOf(provider),
			...kitOf(vendor).settings,
			baseUrl: simulator.url,
			allowPrivateAddresses: true,
			rateLimit: 60_000,
		} as ReturnType<typeof connectionOf>;
		if (typeof connection.methodPaths === 'string')
			connection.methodPaths = JSON.parse(connection.methodPaths) as object;
		connection.account = String(kitOf(vendor).settings.account);
		const login = () =>
			logIn(
				provider,
				connection,
				(request) => Promise.resolve(simulator.answer(arrived(request, prefix))),
				() => simulator.now(),
			);
		let { token } = await login();
		let sent = 0;
		let problem: string | undefined;
		const host = new TestHost((request) => {
			if (++sent > MOST_REQUESTS) throw new TimedOut('This is enough to look at.');
			requests += 1;
			const asked = arrived(provider.sign(request, token, connection), prefix);
			const answer = simulator.answer(asked);
			// The simulators are written from the documents alone.
			problem ??= kitOf(vendor).objection(asked, answer)?.slice(0, 400);
			// The simulators' own headers are those of its server.
			return { status: answer.status, headers: answer.headers, body: answer.body };
		});
		host.time = simulator.now();
		const client = new Client(provider, connection, host);
		try {
			await fc.assert(
				fc.asyncProperty(inputFor(vendor, operation), async (input) => {
					tried += 1;
					sent = 0;
					problem = undefined;
					// Past the breaker, and away from the moment before.
					host.time += 40_000;
					host.sent.length = 0;
					try {
						await client.collect(operation, input, { limit: 500 });
					} catch (error) {
						if (!(error instanceof FleetError)) throw error;
						if (sent === 0) refused += 1;
						if (sent <= MOST_REQUESTS && !clear(error.message))
							throw new Error(`not a clear sentence: ${error.message.slice(0, 300)}`);
					}
					if (operation.resource === 'session') ({ token } = await login());
					if (problem !== undefined) throw new Error(problem);
				}),
				{ numRuns: each, seed, endOnFailure: false, maxSkipsPerRun: 0 },
			);
		} catch (error) {
			wrong.push(
				`${vendor} ${nameOf(operation)}: ${(error as Error).message.replace(/\s+/g, ' ').slice(0, 500)} ${String(((error as Error).cause as Error | undefined)?.message ?? '').slice(0, 600)}`,
			);
		} finally {
			await simulator.close();
		}
	}
	for (const line of wrong.slice(0, 12)) console.log(`        ${line}`);
	sheet.part(
		'fuzzed inputs',
		'core',
		`${tried.toLocaleString('en')} over ${String(operations.length)} operations: ${refused.toLocaleString('en')} refused in words before anything was sent, ${requests.toLocaleString('en')} requests; ${String(wrong.length)} operations with a fault`,
		"a request that the vendor's document allows, or one clear sentence",
		wrong.length === 0 && tried >= inputs,
	);
}
