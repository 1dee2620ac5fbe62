import { describe, expect, test } from 'vitest';
import { Client } from '../core/client';
import { FleetError } from '../core/errors';
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
	else if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, key);
}

const operations = providers.flatMap((provider) =>
	provider.operations.flatMap((operation) => {
		const name = `${operation.resource}.${operation.name}`;
		const recorded = recordingOf(provider, name);
		const [first] = recorded?.exchanges ?? [];
		return recorded === undefined || first === undefined ? [] : [{ title: `${provider.title}: ${name}`, provider, operation, params: recorded.params, response: first.response }];
	}),
);
type Case = (typeof operations)[number];

let accounts = 0;
/** What comes of an answer: records, or an error of ours. Each has an account of its own, so that no failure holds back another. */
async function outcomeOf({ provider, operation, params }: Case, answer: unknown): Promise<{ records: object[]; error?: FleetError; host: TestHost }> {
	const host = new TestHost(() => json(answer));
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
		for (const long of [(text: string) => text + 'x'.repeat(9000), (text: string) => `${text}${' '.repeat(9000)}x`, (text: string) => text + '🚚'.repeat(3000)]) {
			for (const answer of withEachText(one.response, long)) {
				const { records, error, host } = await outcomeOf(one, answer);
				for (const sentence of [error?.message ?? '', error?.advice ?? '', error?.vendorMessage ?? '', error?.vendorCode ?? '', ...host.warnings]) expect(sentence.length).toBeLessThanOrEqual(1500);
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
	test.each(operations.filter((one) => !passedOn(one)).map((one) => [one.title, one] as const))('%s', async (_, one) => {
		const idsOf = async (end: string) => {
			const found: Record<string, unknown>[][] = [];
			for (const answer of withEachText(one.response, (text) => `${text}${'x'.repeat(9000)}${end}`)) found.push((await outcomeOf(one, answer)).records as Record<string, unknown>[]);
			return found;
		};
		const [a, b] = [await idsOf('A'), await idsOf('B')];
		for (const [place, records] of a.entries()) {
			for (const [index, record] of records.entries()) {
				const other = b[place]?.[index] ?? {};
				for (const [key, value] of Object.entries(record)) {
					// An identity that holds the long text ends in what tells it from the other.
					if (/^(id|.*Id|account)$/.test(key) && typeof value === 'string' && value.includes('xxxx')) expect(value, key).not.toBe(other[key]);
				}
			}
		}
	});
});
