import { expect, test } from 'vitest';
import { UnexpectedAnswer } from '../core/describe/errors';
import { nodeErrorOf } from './errors';

const node = {
	id: '1',
	name: 'Fleet',
	type: 'test.fleet',
	typeVersion: 1,
	position: [0, 0] as [number, number],
	parameters: {},
};

test.each([
	[undefined, null],
	[200, null],
	[302, null],
	[404, '404'],
	[503, '503'],
])('HTTP %s stands before the message as %s', (status, httpCode) => {
	expect(nodeErrorOf(new UnexpectedAnswer('The vendor refuses it.', { status }), node)).toMatchObject({
		message: 'The vendor refuses it.',
		httpCode,
	});
});
