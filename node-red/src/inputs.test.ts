import type { Node, NodeAPI } from 'node-red';
import { describe, expect, test } from 'vitest';
import { choices, flag, number, readFields, text, time } from '../../core/describe/field';
import { valuesOf, type Inputs } from './inputs';

const fields = {
	command: text({ title: 'Command', description: '' }),
	count: number({ title: 'Count', description: '', optional: true, min: 0 }),
	only: text({ title: 'Only', description: '', when: { command: ['special'] } }),
	begin: time({ title: 'Begin', description: '', initial: '-24h' }),
	wait: flag({ title: 'Wait', description: '', initial: true }),
	types: choices({ title: 'Types', description: '', options: [{ value: 'a', title: 'A' }] }),
};

/** What of Node-RED's function the cases below need; the real one is tried in the tests with real hosts. */
const RED = {
	util: {
		evaluateNodeProperty: (
			value: string,
			type: string,
			_: unknown,
			msg: Record<string, unknown>,
			done: (error: unknown, value?: unknown) => void,
		) => {
			if (type === 'num') done(null, Number(value));
			else if (type === 'bool') done(null, value === 'true');
			else if (type === 'jsonata') throw Object.assign(new Error('Expected ")"'), { code: 'S0203' });
			else if (type === 'msg' && value.includes('.')) done(new TypeError('Cannot read properties of undefined'));
			else if (type === 'msg') done(null, msg[value]);
			else done(null, undefined);
		},
	},
} as unknown as NodeAPI;

const node = {} as unknown as Node;
const values = (inputs: Inputs, msg = {}) => valuesOf(RED, node, fields, inputs, msg);
const read = async (inputs: Inputs, msg = {}) =>
	readFields(fields, await values(inputs, msg), { now: 0, timeZone: 'UTC' });
const L = (value: string) => ({ type: 'list', value });

describe('values for one message', () => {
	test('are taken from where each parameter says', async () => {
		expect(
			await values(
				{
					command: { type: 'msg', value: 'cmd' },
					count: { type: 'num', value: '3' },
					wait: { type: 'bool', value: 'false' },
					types: L('a'),
				},
				{ cmd: 'go' },
			),
		).toEqual({ command: 'go', count: 3, wait: false, types: 'a' });
	});

	test('an empty number is no 0, and no type chosen is no restriction', async () => {
		expect(await read({ command: L('go'), count: { type: 'num', value: '' }, types: L('') })).toMatchObject({
			command: 'go',
			types: [],
		});
		expect(await values({ count: { type: 'num', value: '' } })).toEqual({ count: undefined });
	});

	test.each([
		['an expression that gives undefined', { type: 'msg', value: 'nothing' }],
		['a way through something that is not there', { type: 'msg', value: 'a.b.c' }],
		['a variable that is not set', { type: 'env', value: 'NOT_SET' }],
		['an empty field', { type: 'str', value: '' }],
	])('%s counts as missing', async (_, command) => {
		await expect(read({ command })).rejects.toThrow(
			'Command is missing: fill it in, or check that its expression returns a value.',
		);
	});

	test('an empty time does not fall back to its default, an unknown one does', async () => {
		await expect(read({ command: L('go'), begin: { type: 'str', value: '' } })).rejects.toThrow('Begin is missing');
		expect(await read({ command: L('go') })).toMatchObject({ begin: -86_400_000, wait: true });
	});

	test('a broken expression is named', async () => {
		await expect(values({ command: { type: 'jsonata', value: '$f(' } })).rejects.toThrow(
			'Command: its JSONata expression cannot be evaluated (Expected ")").',
		);
	});

	test('what does not apply is not even evaluated', async () => {
		expect(await values({ command: L('go'), only: { type: 'jsonata', value: '$f(' } })).toEqual({ command: 'go' });
	});
});
