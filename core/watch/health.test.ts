import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LoginRejected, Unreachable } from '../describe/errors';
import type { HealthEvent } from '../describe/trigger';
import { afterTurn, readHealth, withdrawn, type Health, type Turn } from './health';

const START = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const down = new Unreachable('TrackCEO cannot be reached.', { advice: 'Check the address.' });

/** A trigger whose turns are in the test's hands. */
class Patient {
	health: Health = readHealth(undefined);
	now = START;
	readonly events: HealthEvent[] = [];
	constructor(
		readonly intervalMs = MINUTE,
		public reports = true,
	) {}

	turn(turn: Turn, laterMs = this.intervalMs): HealthEvent | undefined {
		this.now += laterMs;
		const { now, intervalMs, reports } = this;
		const { health, event } = afterTurn(this.health, turn, { trigger: 'newAlarm', now, intervalMs, reports });
		this.health = health;
		if (event !== undefined) this.events.push(event);
		return event;
	}

	restart(): void {
		this.health = readHealth(JSON.parse(JSON.stringify(this.health)));
	}
}

const names = ({ events }: Patient) => events.map(({ event }) => event);

test.each([
	[10_000, 10 * MINUTE],
	[MINUTE, 10 * MINUTE],
	[5 * MINUTE, 15 * MINUTE],
	[60 * MINUTE, 180 * MINUTE],
])('at an interval of %i ms, a trigger is unwell %i ms after its last success', (intervalMs, afterMs) => {
	const patient = new Patient(intervalMs);
	patient.turn('works');
	const success = patient.now;
	while (patient.turn(down) === undefined);
	expect(patient.now - success).toBe(afterMs);
});

test('the events say since when, what, and when it last worked', () => {
	const patient = new Patient();
	patient.turn('works');
	const success = new Date(patient.now).toISOString();
	patient.turn(down);
	const since = new Date(patient.now).toISOString();
	for (let turns = 0; turns < 20; turns++) patient.turn(down);
	patient.turn(new LoginRejected('The password is wrong.'));
	patient.turn('works');
	const common = { deviceId: null, late: false, doubtful: false, trigger: 'newAlarm', since, lastSuccess: success };
	expect(patient.events).toEqual([
		{
			...common,
			id: `triggerUnwell newAlarm ${since}`,
			event: 'triggerUnwell',
			time: new Date(START + 11 * MINUTE).toISOString(),
			error: 'TrackCEO cannot be reached. Check the address.',
			code: 'Unreachable',
		},
		{
			...common,
			id: `triggerWellAgain newAlarm ${since}`,
			event: 'triggerWellAgain',
			time: new Date(patient.now).toISOString(),
			error: 'The password is wrong.',
			code: 'LoginRejected',
		},
	]);
});

test('it never worked: the last success is not known', () => {
	const patient = new Patient();
	while (patient.turn(down) === undefined);
	expect(patient.events[0]?.lastSuccess).toBeNull();
});

test('a trigger that has stopped, and asks no more, is unwell all the same', () => {
	const patient = new Patient();
	patient.turn('works');
	patient.turn(down);
	for (let turns = 0; turns < 30; turns++) patient.turn('waits');
	expect(names(patient)).toEqual(['triggerUnwell']);
});

test('turns without a poll alone say nothing', () => {
	const patient = new Patient();
	patient.turn('works');
	for (let turns = 0; turns < 30; turns++) patient.turn('waits');
	expect(patient.events).toEqual([]);
});

test('time in which the program was off does not count, nor does a clock that jumps', () => {
	const patient = new Patient();
	patient.turn('works');
	patient.turn(down);
	patient.restart();
	for (const hours of [24, -48, 500]) {
		patient.turn(down, hours * 60 * MINUTE);
		expect(patient.events).toEqual([]);
	}
});

test('an illness that began before a restart is reported once, and so is its end', () => {
	const patient = new Patient();
	patient.turn('works');
	for (let turns = 0; turns < 40; turns++) {
		patient.turn(down);
		patient.restart();
	}
	expect(names(patient)).toEqual(['triggerUnwell']);
	patient.restart();
	patient.turn('works');
	patient.restart();
	patient.turn('works');
	expect(names(patient)).toEqual(['triggerUnwell', 'triggerWellAgain']);
});

test('where nobody wants the events there are none; once they are wanted, an illness that lasts is reported', () => {
	const patient = new Patient(MINUTE, false);
	patient.turn('works');
	for (let turns = 0; turns < 30; turns++) patient.turn(down);
	expect(patient.events).toEqual([]);
	patient.reports = true;
	patient.turn(down);
	patient.reports = false;
	patient.turn('works');
	patient.reports = true;
	patient.turn('works');
	expect(names(patient)).toEqual(['triggerUnwell']);
});

test.each(['triggerUnwell', 'triggerWellAgain'])('an event that could not be handed over comes again: %s', (name) => {
	const patient = new Patient();
	patient.turn('works');
	let before = patient.health;
	for (let turns = 0; patient.events.at(-1)?.event !== name; turns++) {
		before = patient.health;
		patient.turn(turns > 15 ? 'works' : down);
	}
	const sent = patient.health;
	patient.health = withdrawn(before, sent);
	expect(patient.health.count).toBeGreaterThan(sent.count);
	patient.turn(name === 'triggerUnwell' ? down : 'works');
	expect(names(patient).slice(-2)).toEqual([name, name]);
});

describe('what is stored', () => {
	test.each([undefined, null, 'cut o', 7, {}, { count: -1, without: 0, unwell: true }, { unwell: 'yes' }])(
		'%j counts as nothing',
		(stored) => {
			expect(readHealth(stored)).toEqual(readHealth(undefined));
		},
	);

	test('is small', () => {
		const patient = new Patient();
		patient.turn('works');
		for (let turns = 0; turns < 30; turns++) patient.turn(new Unreachable('long '.repeat(10_000)));
		expect(JSON.stringify(patient.health).length).toBeLessThan(1500);
		patient.turn('works');
		expect(JSON.stringify(patient.health).length).toBeLessThan(150);
	});
});

/** A turn, how long after the one before it comes, and whether the program was restarted in between. */
const turns = (laterMs: fc.Arbitrary<number>) =>
	fc.array(
		fc.record({
			turn: fc.constantFrom('works' as const, 'waits' as const, 'fails' as const, 'fails' as const),
			times: fc.integer({ min: 1, max: 15 }),
			laterMs,
			restarts: fc.boolean(),
		}),
		{ maxLength: 30 },
	);
const JUMP = 3 * 24 * 60 * MINUTE;

describe('whatever happens', () => {
	test('an illness has one begin and one end, clocks that jump included', () => {
		fc.assert(
			fc.property(turns(fc.integer({ min: -JUMP, max: JUMP })), (steps) => {
				const patient = new Patient();
				let ill = false;
				let failures = 0;
				for (const { turn, times, laterMs, restarts } of steps)
					for (let time = 0; time < times; time++) {
						if (restarts) patient.restart();
						const event = patient.turn(turn === 'fails' ? down : turn, laterMs);
						failures = turn === 'works' ? 0 : failures + 1;
						if (turn === 'works') {
							expect(event?.event).toBe(ill ? 'triggerWellAgain' : undefined);
							ill = false;
						} else if (event !== undefined) {
							expect([ill, event.event]).toEqual([false, 'triggerUnwell']);
							// Ten minutes, of which each turn counts for two at most.
							expect(failures).toBeGreaterThanOrEqual(5);
							ill = true;
						}
					}
			}),
		);
	});

	test('with a clock that is right, it is reported at the first failure after its time, and not before', () => {
		fc.assert(
			fc.property(fc.constantFrom(10_000, MINUTE, 7 * MINUTE), turns(fc.constant(0)), (intervalMs, steps) => {
				const patient = new Patient(intervalMs);
				let last = patient.now;
				let failed = false;
				let ill = false;
				patient.turn('works', 0);
				for (const { turn, times, restarts } of steps)
					for (let time = 0; time < times; time++) {
						if (restarts) patient.restart();
						const event = patient.turn(turn === 'fails' ? down : turn);
						if (turn === 'works') {
							last = patient.now;
							failed = ill = false;
							continue;
						}
						failed ||= turn === 'fails';
						const due = failed && patient.now - last >= Math.max(10 * MINUTE, 3 * intervalMs);
						expect(event?.event).toBe(due && !ill ? 'triggerUnwell' : undefined);
						ill ||= due;
					}
			}),
		);
	});
});
