import type { Node, NodeAPI } from 'node-red';
import { expect, test } from 'vitest';
import { permitsCommands } from './request-settings';

const TYPE = 'fleetwire-trackceo';
const on = { type: TYPE, allowCommands: true };
const off = { type: TYPE, allowCommands: false };

/** Node-RED clones what a subflow holds for each of its instances, and stores no clone. */
test.each([
	['that has it on', { id: 'X' }, [{ id: 'X', ...on }], true],
	['that has it off', { id: 'X' }, [{ id: 'X', ...off }], false],
	['that has it as a text', { id: 'X' }, [{ id: 'X', type: TYPE, allowCommands: 'true' }], false],
	['within a subflow that has it on', { id: 'I-Y', _alias: 'Y' }, [{ id: 'Y', ...on }], true],
	['within a subflow that has it off', { id: 'I-Y', _alias: 'Y' }, [{ id: 'Y', ...off }], false],
	[
		'that names another, disabled one',
		{ id: 'X', _alias: 'Y' },
		[off, on].map((one, at) => ({ id: 'XY'[at], ...one, d: at === 1 })),
		false,
	],
	[
		'that names one of another kind',
		{ id: 'X', _alias: 'Y' },
		[
			{ id: 'Y', type: 'comment', allowCommands: true },
			{ id: 'X', ...off },
		],
		false,
	],
	['that is nowhere', { id: 'X' }, [{ id: 'Y', ...on }], false],
])('whether a node %s may send commands', (_, node, stored, expected) => {
	const RED = { nodes: { eachNode: (callback: (one: object) => void) => stored.forEach(callback) } };
	expect(permitsCommands(RED as unknown as NodeAPI, node as Node)).toBe(expected);
});
