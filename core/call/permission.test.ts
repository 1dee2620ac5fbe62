import { expect, test } from 'vitest';
import type { Connection } from '../describe/connection';
import type { AnyOperation } from '../describe/operation';
import { mustBePermitted } from './permission';

const check = (effect: string, allowCommands: boolean, permitsCommands: boolean | undefined) => () =>
	mustBePermitted({ title: 'Send', effect } as AnyOperation, { title: 'Vendor' }, { allowCommands } as Connection, {
		permitsCommands,
	});

test.each([
	[false, true, 'for this Vendor account.', 'in the account.'],
	[true, false, 'for this node.', 'in the node.'],
	[true, undefined, 'for this node.', 'in the node.'],
	[false, false, 'for this Vendor account and this node.', 'in the account and in the node.'],
])('account %s, node %s: a command is refused, and the error names the switch', (account, node, where, advice) => {
	expect(check('command', account, node)).toThrow(
		expect.objectContaining({
			code: 'NotPermitted',
			beforeVendor: true,
			message: `"Send" acts on vehicles or accounts, and commands are switched off ${where}`,
			advice: `If you want to allow this, switch on "Allow Commands" ${advice} Nothing was sent.`,
		}),
	);
});

test('where both permit it, a command may be sent; what is no command may always', () => {
	expect(check('command', true, true)).not.toThrow();
	for (const effect of ['read', 'write']) expect(check(effect, false, false)).not.toThrow();
});
