import { describe, expect, test } from 'vitest';
import { beforeTheVendor } from '../../n8n/errors';
import { isOfTheAccount } from '../../node-red/src/poll-backoff';
import { Client, mayBeOver } from '../call/client';
import { mayLieInOne } from '../call/refusals';
import { lasts, ofTheAccount, outOfTurns } from '../watch/poll';
import * as errors from './errors';
import type { FleetError } from './errors';

/** What the client tells the breaker of an error. */
function toBreaker(way: 'refused' | 'failed', error: FleetError): boolean {
	let counted = false;
	const shared = {
		resilience: { failed: () => (counted = true), answered: () => undefined, left: () => undefined },
		account: { limiter: { slowDown: () => undefined, giveBack: () => undefined } },
	};
	const client = Object.assign(Object.create(Client.prototype) as object, { shared, host: { now: () => 0 } });
	(Client.prototype as unknown as Record<string, (thrown: unknown, aborted?: boolean) => void>)[way]!.call(
		client,
		error,
		false,
	);
	return counted;
}

const ANSWERS: Record<string, (error: FleetError) => boolean> = {
	device: mayLieInOne,
	account: (error) => ofTheAccount(error) || error instanceof errors.LoginRejected,
	permanent: lasts,
	settings: beforeTheVendor,
	fault: (error) => toBreaker('refused', error),
	silence: (error) => toBreaker('failed', error),
	timeUp: outOfTurns,
	suspect: mayBeOver,
	backsOff: isOfTheAccount,
	lost: (error) =>
		(error.effect === 'unknown' && !(error instanceof errors.RateLimited)) ||
		error instanceof errors.UnexpectedAnswer,
};

/**
 * +: always, -: never; otherwise on which condition: it is or is not retryable or ambiguous, has an unknown effect, or
 * no code of the vendor.
 */
const TABLE = `
                  device account permanent settings fault     silence timeUp suspect   backsOff lost
InvalidParams     +      -       own       own      -         -       -      -         -        unknown
LoginRejected     -      +       +         -        -         -       -      -         -        unknown
SessionExpired    -      -       -         -        -         -       -      +         +        unknown
SessionContested  -      +       -         -        -         -       -      -         +        unknown
NotPermitted      +      -       own       own      -         -       -      -         -        unknown
NotFound          +      -       own       -        -         -       -      -         -        unknown
RateLimited       -      +       -         -        -         -       -      ambiguous +        -
DeviceOffline     +      -       -         -        -         -       -      -         -        unknown
VendorFault       +      -       -         -        retryable -       -      -         +        unknown
Unreachable       -      +       -         -        -         +       -      -         +        unknown
TimedOut          -      -       -         -        -         +       final  -         +        unknown
TooLarge          +      -       -         -        -         -       -      -         -        unknown
UnexpectedAnswer  +      -       -         -        retryable -       -      -         -        +
`;

const [[, ...columns], ...rows] = TABLE.trim()
	.split('\n')
	.map((line) => line.trim().split(/\s+/)) as [string[], ...string[][]];
columns.unshift('device');

const either = [true, false];
const CASES = either.flatMap((retryable) =>
	either.flatMap((doubtful) =>
		(['none', 'unknown'] as const).flatMap((effect) =>
			[undefined, '17'].map((vendorCode) => ({ retryable, doubtful, effect, vendorCode })),
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
			ambiguous: options.doubtful,
			unknown: options.effect === 'unknown',
		};
		expect(Object.fromEntries(columns.map((column) => [column, ANSWERS[column]!(error)]))).toEqual(
			Object.fromEntries(columns.map((column, at) => [column, holds[conditions[at]!]])),
		);
	});
});
