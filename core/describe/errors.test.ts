import { describe, expect, test } from 'vitest';
import * as errors from './errors';
import type { FleetError } from './errors';

const ANSWERS: Record<string, (error: FleetError) => boolean> = {
	device: ({ scope }) => scope === 'device',
	account: ({ scope }) => scope === 'account',
	permanent: ({ permanent }) => permanent,
	settings: ({ beforeVendor }) => beforeVendor,
	fault: ({ outage }) => outage === 'fault',
	silence: ({ outage }) => outage === 'silence',
	timeUp: ({ timeUp }) => timeUp,
	suspect: ({ session }) => session === 'over' || session === 'suspect',
	backsOff: ({ slowsPolls }) => slowsPolls,
	lost: ({ effect, tooOften, unreadable }) => (effect === 'unknown' && !tooOften) || unreadable,
	refused: ({ session }) => session === 'refused',
	contested: ({ session }) => session === 'contested',
	tooOften: ({ tooOften }) => tooOften,
	tooLarge: ({ tooLarge }) => tooLarge,
};

test('what the vendor has refused, if only by its HTTP status, is no setting of the user', () => {
	for (const kind of [errors.InvalidParams, errors.NotPermitted]) {
		const { permanent, beforeVendor } = new kind('The vendor refuses it.', { status: 403 });
		expect({ permanent, beforeVendor }).toEqual({ permanent: false, beforeVendor: false });
	}
});

/**
 * +: always, -: never; otherwise on which condition: it is or is not retryable or ambiguous, has an unknown effect, or
 * no code of the vendor.
 */
const TABLE = `
kind              device account permanent settings fault     silence timeUp suspect   backsOff lost    refused contested tooOften tooLarge
InvalidParams     +      -       own       own      -         -       -      -         -        unknown -       -         -        -
LoginRejected     -      +       +         -        -         -       -      -         -        unknown +       -         -        -
SessionExpired    -      -       -         -        -         -       -      +         +        unknown -       -         -        -
SessionContested  -      +       -         -        -         -       -      -         +        unknown -       +         -        -
NotPermitted      +      -       own       own      -         -       -      -         -        unknown -       -         -        -
NotFound          +      -       own       -        -         -       -      -         -        unknown -       -         -        -
RateLimited       -      +       -         -        -         -       -      ambiguous +        -      -       -         +        -
DeviceOffline     +      -       -         -        -         -       -      -         -        unknown -       -         -        -
VendorFault       +      -       -         -        retryable -       -      -         +        unknown -       -         -        -
Unreachable       -      +       -         -        -         +       -      -         +        unknown -       -         -        -
TimedOut          -      -       -         -        -         +       final  -         +        unknown -       -         -        -
NotSent           -      -       -         -        -         -       +      -         -        unknown -       -         -        -
TooLarge          +      -       -         -        -         -       -      -         -        unknown -       -         -        +
PartialResult     +      -       -         -        -         -       -      -         -        unknown -       -         -        -
UnexpectedAnswer  +      -       -         -        retryable -       -      -         -        +      -       -         -        -
`;

const [[, ...columns], ...rows] = TABLE.trim()
	.split('\n')
	.map((line) => line.trim().split(/\s+/)) as [string[], ...string[][]];

const either = [true, false];
const CASES = either.flatMap((retryable) =>
	either.flatMap((ambiguous) =>
		(['none', 'unknown'] as const).flatMap((effect) =>
			[undefined, '17'].map((vendorCode) => ({ retryable, ambiguous, effect, vendorCode })),
		),
	),
);

describe.each(rows)('%s', (name, ...conditions) => {
	test.each(CASES)('%j', (options) => {
		const kind = errors[name as keyof typeof errors] as new (message: string, options: object) => FleetError;
		const error = new kind('Something is wrong.', { ...options, definite: options.effect === 'none' });
		const holds: Record<string, boolean> = {
			'+': true,
			'-': false,
			own: options.vendorCode === undefined,
			retryable: options.retryable,
			final: !options.retryable,
			ambiguous: options.ambiguous,
			unknown: options.effect === 'unknown',
		};
		expect(Object.fromEntries(columns.map((column) => [column, ANSWERS[column]!(error)]))).toEqual(
			Object.fromEntries(columns.map((column, at) => [column, holds[conditions[at]!]])),
		);
	});
});

test('every kind of error is in the table', () => {
	const kinds = Object.entries(errors).filter(([, kind]) =>
		Object.prototype.isPrototypeOf.call(errors.FleetError, kind),
	);
	expect(kinds.map(([name]) => name).sort()).toEqual(rows.map(([name]) => name).sort());
});

test('a vendor that knows better overrides what holds of the class', () => {
	const error = new errors.RateLimited('Slow down.', { scope: 'device', permanent: true, slowsPolls: false });
	expect([error.scope, error.permanent, error.slowsPolls, error.tooOften]).toEqual(['device', true, false, true]);
	// Where a details object leaves something open, the class decides.
	expect(new errors.RateLimited('Slow down.', { scope: undefined }).scope).toBe('account');
});

describe('an error with some of it changed', () => {
	const cause = new Error('socket');
	const error = new errors.SessionExpired('The session is over.', {
		definite: false,
		cause,
		advice: 'Wait.',
		vendorCode: '10011',
		status: 401,
	});
	const all = (some: FleetError) => ({ ...(some as object), message: some.message, stack: some.stack });
	const before = all(error);
	const changed = error.with({ effect: 'none', advice: 'Go on.' });

	test('is the same error in all else, and a real one', () => {
		expect(changed).toBeInstanceOf(errors.SessionExpired);
		expect(structuredClone(changed).message).toBe('The session is over.');
		expect(changed.cause).toBe(cause);
		expect(all(changed)).toEqual({ ...before, effect: 'none', advice: 'Go on.' });
		expect(changed.sentence).toBe('The session is over. Go on.');
		expect(Object.keys(changed)).toEqual(Object.keys(error));
	});

	test('leaves the first one as it was', () => {
		expect(all(error)).toEqual(before);
	});

	test('can say something else; what it quotes stays words', () => {
		const named = error.with({ message: '<b>4711</b>: not now' });
		expect([named.message, named.advice]).toEqual(['‹b›4711‹/b›: not now', 'Wait.']);
		expect(Object.keys(named)).not.toContain('message');
	});
});
