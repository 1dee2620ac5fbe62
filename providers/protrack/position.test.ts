import { expect, test } from 'vitest';
import { findOperation } from '../../core/describe/provider';
import { trackceo } from './trackceo';

const provider = trackceo;
const getCurrent = findOperation(provider, 'position', 'getCurrent') ?? expect.fail();
const positionOf = (row: object) =>
	getCurrent.record({ imei: '358899051025339', ...row }, {} as never, {} as never) as Record<string, unknown>;

test.each([
	['12.4', 12.4],
	['-12.4', 12.4],
	[24, 24],
	['', null],
	[null, null],
	['x', null],
	[[], null],
])('an external power of %j is %j volts', (externalpower, volts) => {
	expect(positionOf({ externalpower }).externalVoltage).toBe(volts);
});
