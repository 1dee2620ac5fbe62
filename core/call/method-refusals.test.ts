import { describe, expect, test } from 'vitest';
import { MethodRefusals } from './method-refusals';

const MINUTE = 60_000;

describe('a method that is refused', () => {
	const refused = (known: MethodRefusals, session: string, now = 0, renewed = false) =>
		known.refused('drivers', session, { now, renewed, lately: false });

	test('says nothing of a session the first time, and of one that has served others since that it is good', () => {
		const known = new MethodRefusals();
		known.answered('vehicles', 's1', 0);
		expect(refused(known, 's1')).toEqual({ good: false, again: false });
		expect(refused(known, 's1', 1)).toEqual({ good: false, again: true });
		known.answered('vehicles', 's1', 0);
		expect(refused(known, 's1', 2)).toEqual({ good: true, again: true });
		// It has not served since then: it may have ended.
		expect(refused(known, 's1', 3)).toEqual({ good: false, again: true });
		expect(refused(known, 's2', 4)).toEqual({ good: false, again: false });
	});

	test('in a session that was made for it and serves others is not permitted, for an hour', () => {
		const known = new MethodRefusals();
		refused(known, 's1');
		known.answered('vehicles', 's2', 0);
		expect(refused(known, 's2', MINUTE, true).good).toBe(true);
		for (let minute = 2; minute < 60; minute++) expect(refused(known, 's2', minute * MINUTE).good).toBe(true);
		expect(refused(known, 's2', 61 * MINUTE)).toEqual({ good: false, again: true });
		expect(refused(known, 's3', 62 * MINUTE)).toEqual({ good: false, again: false });
	});

	test('in a session that was made for it and serves others later is not permitted either', () => {
		const known = new MethodRefusals();
		expect(refused(known, 's2', 0, true).good).toBe(false);
		known.answered('vehicles', 's2', 1);
		for (let minute = 1; minute < 60; minute++) expect(refused(known, 's2', minute * MINUTE).good).toBe(true);
	});

	test('but was permitted before may have met two dead sessions', () => {
		const known = new MethodRefusals();
		known.answered('drivers', 's1', 0);
		refused(known, 's1');
		known.answered('vehicles', 's2', 0);
		expect(refused(known, 's2', 1, true)).toEqual({ good: false, again: false });
	});

	test('is not for longer where the clock was set back', () => {
		const known = new MethodRefusals();
		known.answered('vehicles', 's2', 0);
		expect(refused(known, 's2', MINUTE, true).good).toBe(true);
		expect(refused(known, 's2', 0).good).toBe(false);
	});

	test('for another cause is no doubt where the session has just served others', () => {
		const known = new MethodRefusals();
		const lately = (now: number) => known.refused('drivers', 's1', { now, renewed: false, lately: true }).good;
		known.answered('vehicles', 's1', 0);
		expect([lately(MINUTE - 1), lately(MINUTE)]).toEqual([true, false]);
		known.answered('drivers', 's1', 2 * MINUTE);
		expect(known.refused('drivers', 's2', { now: 2 * MINUTE, renewed: false, lately: true }).good).toBe(false);
	});
});

test('a method that succeeds in the session is permitted from then on', () => {
	const methods = new MethodRefusals();
	const refused = (now: number, renewed = false) =>
		methods.refused('read', 'session', { now, renewed, lately: false });
	methods.answered('other', 'session', 0);
	expect(refused(1, true)).toMatchObject({ good: true });
	methods.answered('read', 'session', 2);
	// It has served since. Then it has not.
	expect(refused(3)).toMatchObject({ good: true });
	expect(refused(4)).toEqual({ good: false, again: true });
});

test('two methods without a right do not log in for each other again and again', () => {
	const methods = new MethodRefusals();
	let logins = 0;
	let session = 'session-0';
	for (let minute = 0; minute < 50; minute++)
		for (const method of ['one', 'two']) {
			const now = minute * 60_000;
			methods.answered('other', session, now);
			const first = methods.refused(method, session, { now, renewed: false, lately: false });
			if (first.good || first.again) continue;
			session = `session-${String(++logins)}`;
			methods.refused(method, session, { now, renewed: true, lately: false });
		}
	expect(logins).toBe(2);
});

test('a session that served nobody says nothing of a method', () => {
	const methods = new MethodRefusals();
	const refused = (session: string, now: number, renewed = false) =>
		methods.refused('read', session, { now, renewed, lately: false });
	refused('session-0', 0);
	refused('session-1', 1, true);
	methods.answered('other', 'session-2', 2);
	expect(refused('session-2', 3).good).toBe(false);
});
