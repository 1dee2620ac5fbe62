import { describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import { asFleetError, FleetError } from '../core/describe/errors';
import { logIn } from '../core/call/session';
import { ONE_OF_EACH } from '../test/support/kits';
import { connectionOf, recordingOf } from '../test/support/recordings';
import { json, TestHost } from '../test/support/test-host';
import { providers } from '.';

/** The answer once for each text in it, which another takes the place of: `by` gets what was there. */
function* withEachText(answer: unknown, by: (text: string) => string): Generator {
	const root = { answer: structuredClone(answer) };
	const places: [Record<string, unknown>, string, string][] = [];
	const walk = (parent: Record<string, unknown>) => {
		for (const [key, value] of Object.entries(parent)) {
			if (typeof value === 'string') places.push([parent, key, value]);
			else if (typeof value === 'object' && value !== null) walk(value as Record<string, unknown>);
		}
	};
	walk(root);
	for (const [parent, key, text] of places) {
		parent[key] = by(text);
		yield root.answer;
		parent[key] = text;
	}
}

/** Every text in a value, with the key that it stands under. */
function* textsIn(value: unknown, under = ''): Generator<[string, string]> {
	if (typeof value === 'string') yield [under, value];
	else if (typeof value === 'object' && value !== null)
		for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, key);
}

const operations = ONE_OF_EACH.flatMap(({ vendor: { provider } }) =>
	provider.operations.flatMap((operation) => {
		const name = `${operation.resource}.${operation.name}`;
		const recorded = recordingOf(provider, name);
		const [first] = recorded?.exchanges ?? [];
		return recorded === undefined || first === undefined
			? []
			: [
					{
						title: `${provider.title}: ${name}`,
						provider,
						operation,
						params: recorded.params,
						response: first.response,
					},
				];
	}),
);
type Case = (typeof operations)[number];

let accounts = 0;
/**
 * What comes of an answer: records, or an error of ours. Each has an account of its own, so that no failure holds back
 * another.
 */
async function outcomeOf(
	{ provider, operation, params }: Case,
	answer: unknown,
	status = 200,
): Promise<{ records: object[]; error?: FleetError; host: TestHost }> {
	const host = new TestHost(() => json(answer, status));
	accounts += 1;
	const client = new Client(provider, { ...connectionOf(provider), account: `hostile ${String(accounts)}` }, host);
	try {
		return { records: await client.collect(operation, params), host };
	} catch (error) {
		expect(error).toBeInstanceOf(FleetError);
		return { records: [], error: error as FleetError, host };
	}
}

/** What an operation gives as it came: it has no form of its own that a length could be promised for. */
const passedOn = ({ operation }: Case) => operation.kind === 'other' || operation.kind === 'message';

describe('a text that is too long is cut with a mark', () => {
	test.each(operations.map((one) => [one.title, one] as const))('%s', async (_, one) => {
		for (const long of [
			(text: string) => text + 'x'.repeat(9000),
			(text: string) => `${text}${' '.repeat(9000)}x`,
			(text: string) => text + '🚚'.repeat(3000),
		]) {
			for (const answer of withEachText(one.response, long)) {
				const { records, error, host } = await outcomeOf(one, answer);
				for (const sentence of [
					error?.message ?? '',
					error?.advice ?? '',
					error?.vendorMessage ?? '',
					error?.vendorCode ?? '',
					...host.warnings,
				])
					expect(sentence.length).toBeLessThanOrEqual(1500);
				if (passedOn(one)) continue;
				for (const [key, text] of textsIn(records)) {
					expect(text.length, key).toBeLessThanOrEqual(2000);
					expect(text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, ''), key).not.toMatch(/[\uD800-\uDFFF]/);
				}
			}
		}
	});
});

describe('what differs behind the cut keeps different identities', () => {
	test.each(operations.filter((one) => !passedOn(one)).map((one) => [one.title, one] as const))(
		'%s',
		async (_, one) => {
			const idsOf = async (end: string) => {
				const found: Record<string, unknown>[][] = [];
				for (const answer of withEachText(one.response, (text) => `${text}${'x'.repeat(9000)}${end}`))
					found.push((await outcomeOf(one, answer)).records as Record<string, unknown>[]);
				return found;
			};
			const [a, b] = [await idsOf('A'), await idsOf('B')];
			for (const [place, records] of a.entries()) {
				for (const [index, record] of records.entries()) {
					const other = b[place]?.[index] ?? {};
					for (const [key, value] of Object.entries(record)) {
						// An identity that holds the long text ends in what tells it from the other.
						if (/^(id|.*Id|account)$/.test(key) && typeof value === 'string' && value.includes('xxxx'))
							expect(value, key).not.toBe(other[key]);
					}
				}
			}
		},
	);
});

/** Ends a line, moves a terminal's cursor, opens a tag, turns the direction round, hides. */
const HOSTILE =
	'Session over. <a href="https://evil.example/">Log in</a> &lt;b&gt; \u001b[2J\u001b]0;x\u0007\r\n26 Nov - [info]\u2028\u202Etxt.\u2066x\u200b\ufeff';
const LIVE = /[\p{Cc}<>&\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/u;
const CODES = [
	1, 2, 4, 400, 401, 402, 403, 404, 500, 4000, 4001, 4009, 10000, 10001, 10002, 10004, 10007, 10009, 10014, 20001,
	20005, 20017, 20018, 99999,
];
const STATUSES = [200, 400, 401, 403, 404, 405, 429, 500, 503];

/** How a vendor says no, in words of its own. */
const refusals: unknown[] = [
	...CODES.map((code) => ({ code, message: HOSTILE })),
	...CODES.map((Code) => ({ Code, Data: null, ErrMsg: HOSTILE })),
	{ code: 0, record: HOSTILE },
	{ Code: 200, Data: HOSTILE, ErrMsg: HOSTILE },
	{ ErrorCode: HOSTILE },
	{ ErrorCode: `${HOSTILE} = 3` },
	{ ErrorCode: 0, Answer: HOSTILE },
	{ isSuccess: false, payload: null, failureReasons: [{ errorCode: HOSTILE, errorParameters: [HOSTILE] }] },
	{ isSuccess: true, payload: HOSTILE, failureReasons: [{ errorCode: '401', errorParameters: [HOSTILE] }] },
	{ [HOSTILE]: HOSTILE },
	HOSTILE,
];

/** The sentences that a record holds: the rest of it is data. */
const sentencesIn = (records: readonly object[]) =>
	[...textsIn(records)].filter(([key]) => key === 'explanation' || key === 'error').map(([, text]) => text);

describe('words of a vendor are words in every sentence', () => {
	test.each(operations.map((one) => [one.title, one] as const))('%s', async (_, one) => {
		const answers: { status: number; body: unknown }[] = [
			...refusals.map((body) => ({ status: 200, body })),
			...STATUSES.flatMap((status) => refusals.slice(-6).map((body) => ({ status, body }))),
			...STATUSES.map((status) => ({ status, body: `quota exceeded ${HOSTILE}` })),
			...[...withEachText(one.response, () => HOSTILE)].map((body) => ({
				status: 200,
				body: JSON.stringify(body),
			})),
		];
		for (const { status, body } of answers) {
			const { records, error, host } = await outcomeOf(one, body, status);
			for (const sentence of [
				error?.message,
				error?.advice,
				error?.vendorMessage,
				error?.vendorCode,
				...host.warnings,
				...sentencesIn(records),
			])
				expect(sentence ?? '', JSON.stringify(body)).not.toMatch(LIVE);
		}
	});
});

test.each(providers.map((provider) => [provider.title, provider] as const))(
	'%s: words of a refused login are words',
	async (_, provider) => {
		for (const status of STATUSES) {
			for (const body of [...refusals, { error: HOSTILE, error_description: HOSTILE }]) {
				const error = await logIn(
					provider,
					connectionOf(provider),
					() => Promise.resolve(json(body, status)),
					Date.now,
				).then(() => undefined, asFleetError);
				expect(error?.sentence ?? '').not.toMatch(LIVE);
				expect(error?.vendorMessage ?? '').not.toMatch(LIVE);
			}
		}
	},
);
