import { serialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { UnexpectedAnswer, VendorFault, type FleetError } from '../describe/errors';
import { refusal, Refusals } from './refusals';

const NOW = 1_800_000_000_000;
const OPERATION = 'alarm.getMany';
const REFUSAL = new VendorFault('No such device.', { status: 404 });

test('parts that the time was too short for come first the next time', () => {
	const refusals = new Refusals();
	refusals.suspect(OPERATION, ['b'], REFUSAL);
	const asked: string[] = [];
	// There is time for one request only.
	for (let reads = 0; reads < 4; reads++) {
		const parts = refusals.parts(OPERATION, ['a', 'b', 'c'], NOW + reads * 60_000);
		const part = parts.next() ?? [];
		asked.push(part.join());
		if (part.includes('b')) parts.refuses(part, REFUSAL);
		else parts.answers(part);
		expect(parts.cut()).toEqual(['a', 'b', 'c'].filter((device) => !part.includes(device)));
	}
	expect(asked).toEqual(['a,c', 'b', 'a,c', 'b']);
});

/** How many requests a read of some devices takes, and which of them it finds. */
function read(
	refusals: Refusals,
	devices: readonly string[],
	errorOf: (part: readonly string[]) => FleetError | undefined,
	now = NOW,
) {
	const parts = refusals.parts(OPERATION, devices, now);
	let requests = 0;
	for (let part = parts.next(); part !== undefined; part = parts.next()) {
		requests += 1;
		const error = errorOf(part);
		if (error === undefined) parts.answers(part);
		else if (!parts.refuses(part, error)) break;
	}
	return { requests, refused: [...parts.refused.keys()] };
}

const UNREADABLE = new UnexpectedAnswer('The code is no number.', { status: 200 });
const DEVICES = Array.from({ length: 100 }, (_, index) => `d${String(index)}`);

const UNEXPLAINED = new VendorFault('Code 99999.', { status: 200, vendorCode: '99999', unexplained: true });

test.each([
	['is answered readably', UNREADABLE],
	['is refused for a reason that is documented', UNEXPLAINED],
])(
	'where no part of a batch %s, the search ends with its quarters, and later reads try one device each',
	(_, error) => {
		const refusals = new Refusals();
		const ofEach = [0, 1, 2].map((minute) => read(refusals, DEVICES, () => error, NOW + minute * 60_000));
		expect(ofEach).toEqual([
			{ requests: 7, refused: [] },
			{ requests: 1, refused: [] },
			{ requests: 1, refused: [] },
		]);
		// All is well again: the first device shows it, and the others follow in one request.
		expect(read(refusals, DEVICES, () => undefined, NOW + 180_000)).toEqual({ requests: 2, refused: [] });
	},
);

test.each([
	['cannot be read', UNREADABLE],
	['is a refusal', REFUSAL],
	['has an unknown code', UNEXPLAINED],
])('one device because of which the answer %s is found', (_, error) => {
	const refusals = new Refusals();
	const errorOf = (part: readonly string[]) => (part.includes('d37') ? error : undefined);
	expect(read(refusals, DEVICES, errorOf)).toMatchObject({ refused: ['d37'] });
});

describe('a fault that should pass, because of one device', () => {
	const fault = new VendorFault('Try later.', { status: 500, retryable: true });
	const errorOf = (part: readonly string[]) => (part.includes('d37') ? fault : undefined);
	/** What is found by reads that are so many seconds apart. */
	const found = (reads: number, seconds: number) => {
		const refusals = new Refusals();
		return Array.from(
			{ length: reads },
			(_, place) => read(refusals, DEVICES, errorOf, NOW + place * seconds * 1000).refused,
		);
	};

	test('is found at the fifth read, a minute after the other', () =>
		expect(found(5, 60)).toEqual([[], [], [], [], ['d37']]));

	test('is taken to pass for three minutes, however many reads there are', () => {
		const refused = found(60, 5);
		const first = refused.findIndex((devices) => devices.length > 0);
		expect(first * 5).toBe(180);
		expect(refused[first]).toEqual(['d37']);
	});

	test('is taken to pass for five reads, however long they take', () =>
		expect(found(5, 3600).slice(0, 4).flat()).toEqual([]));
});

test.each([
	[400, true],
	[404, true],
	[422, true],
	[499, true],
	[408, false],
	[429, false],
	[399, false],
	[500, false],
	[undefined, false],
])('HTTP %s on a request that may be tried again refuses the device: %s', (status, refused) =>
	expect(refusal(new VendorFault('No.', { status, retryable: true }))).toBe(refused),
);

test.each([
	['refused', (refusals: Refusals, device: string) => refusals.refused(OPERATION, device, REFUSAL, NOW)],
	['suspected', (refusals: Refusals, device: string) => refusals.suspect(OPERATION, [device, `${device}b`], REFUSAL)],
])('however many devices somebody names, only the latest that were %s are remembered', (_, remember) => {
	const refusals = new Refusals();
	const named = Array.from({ length: 2500 }, (__, index) => `n${String(index)}`);
	for (const device of named) remember(refusals, device);
	const { suspects, refused } = refusals.apart(
		OPERATION,
		named.flatMap((device) => [device, `${device}b`]),
	);
	const known = [...suspects, ...refused].flatMap(({ devices }) => devices);
	expect(known.length).toBe(2000);
	expect(known).toContain('n2499');
	expect(known).not.toContain('n0');
});

const FAULT = new VendorFault('Try again later.', { status: 500, retryable: true });

test.each([
	[
		'there was no time for',
		(refusals: Refusals, devices: string[], now: number) => refusals.parts(OPERATION, devices, now).cut(),
	],
	['met a fault', (refusals: Refusals, devices: string[], now: number) => read(refusals, devices, () => FAULT, now)],
	[
		'are in a batch of which none is answered',
		(refusals: Refusals, devices: string[], now: number) => read(refusals, devices, () => REFUSAL, now),
	],
])('devices that %s do not pile up, whatever names somebody makes up with each poll', (_, poll) => {
	const refusals = new Refusals();
	for (let polls = 0; polls < 60; polls++) {
		const devices = DEVICES.map((device) => `${String(polls)} ${device}`.padEnd(2000, 'x'));
		poll(refusals, devices, NOW + polls * 10_000);
	}
	// They name twelve million letters.
	expect(serialize(refusals).length).toBeLessThan(6_000_000);
});
