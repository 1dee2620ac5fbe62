import { FleetError } from '../../core/errors';
import { choice, flag, number, text, type Values } from '../../core/field';
import type { Run } from '../../core/client';
import { operation } from '../../core/operation';
import { asRow, textOf, type CommandOutcome, type Row } from '../../core/records';
import { recordObject, SEND_COMMAND_FAILED } from './answer';
import type { Brand } from './brand';
import { device } from './fields';

const COMMANDS = [
	{ value: 'RELAY,1', title: 'Stop Engine', description: 'Cut fuel or starter through the relay' },
	{ value: 'RELAY,0', title: 'Restore Engine', description: 'Let the engine run again' },
	{ value: 'LOCKDOOR', title: 'Lock Doors' },
	{ value: 'UNLOCKDOOR', title: 'Unlock Doors' },
	{ value: 'RESET', title: 'Reset Device', description: 'Restart the tracker' },
] as const;
const SET_MILEAGE = { value: 'SET_MILEAGE', title: 'Set Mileage', description: 'Set the odometer of the device' } as const;

/** Section 2.6: "query once every 1 second, up to 30 seconds". */
const ASK_EVERY_MS = 1000;
const ASK_TIMES = 30;

const ANSWERED = 1;

export const getStatus = operation({
	resource: 'command',
	name: 'getStatus',
	title: 'Get Answer',
	action: 'Get the answer to a command',
	description: 'Ask whether a device has answered a command that was sent earlier',
	effect: 'read',
	route: 'POST /api/command/query',
	params: { commandId: text({ title: 'Command ID', description: 'Number that sending the command gave', placeholder: 'e.g. 1B454', max: 100 }) },
	request: ({ commandId }) => ({ query: { commandid: commandId } }),
	answer: recordObject,
	rows: (answer) => [asRow(answer, 'the answer to a command')],
	record: (row, { commandId }): CommandOutcome => {
		const { outcome, explanation, response } = answered(row, 'sent');
		return { outcome, explanation, operation: 'command.getStatus', target: null, command: null, commandId, response, sentAt: null, answeredAt: null };
	},
	kind: 'commandOutcome',
	evidence: { section: '2.6', grade: 'C', note: 'A device\'s answer counts as a failure where it contains the word "fail"; the document shows only a success.' },
});

/** What section 2.6 says about a command; `otherwise` is the outcome while there is no answer. */
function answered(row: Row, otherwise: 'sent' | 'timedOut'): Pick<CommandOutcome, 'outcome' | 'explanation' | 'response'> {
	const response = textOf(row.response);
	if (Number(row.commandstatus) !== ANSWERED) {
		const explanation = otherwise === 'sent' ? 'The device has not answered yet.' : `The vendor took the command, but the device did not answer within ${String(ASK_TIMES)} s. It may still carry it out: ask again with Get Answer before you repeat it.`;
		return { outcome: otherwise, explanation, response };
	}
	return /\bfail/i.test(response ?? '') ? { outcome: 'failed', explanation: 'The device answered that it did not carry out the command.', response } : { outcome: 'confirmed', explanation: 'The device answered.', response };
}

const SendAnswer = recordObject;

export function send(brand: Brand) {
	const params = {
		device,
		command: choice({ title: 'Command', description: 'What the device shall do', options: brand.setsMileage ? [...COMMANDS, SET_MILEAGE] : COMMANDS }),
		...(brand.setsMileage
			? { mileage: number({ title: 'Mileage', description: 'Value to set. The document does not say its unit; a known client sends metres.', min: 0, max: 100_000_000, integer: true, optional: true, when: { command: [SET_MILEAGE.value] } }) }
			: {}),
		waitForAnswer: flag({ title: 'Wait for Answer', description: 'Whether to ask once a second, up to 30 times, what the device answered', initial: true }),
	};
	interface Params {
		device: string;
		command: string;
		mileage?: number;
	}
	return operation({
		resource: 'command',
		name: 'send',
		title: 'Send',
		action: 'Send a command to a device',
		description: 'Send a command to a device, once, and tell what became of it: confirmed, sent, timed out, failed or unknown',
		effect: 'command',
		route: 'POST /api/command/send',
		params,
		request: (given) => {
			const { device: imei, command, mileage } = given as Params;
			return { query: { imei, command, paramData: command === SET_MILEAGE.value ? JSON.stringify({ mileage: String(mileage) }) : undefined } };
		},
		target: ({ device: target, command }) => ({ target, command }),
		answer: SendAnswer,
		rows: (answer) => [answer],
		record: (row: Row) => row,
		kind: 'commandOutcome',
		run: (run, given) => sendAndWait(run, given),
		check: (given) => ((given as Params).command === SET_MILEAGE.value && (given as Params).mileage === undefined ? 'Mileage is missing: Set Mileage needs the value to set.' : undefined),
		evidence: { section: '2.5', grade: 'C', ...(brand.setsMileage ? { note: 'The unit of SET_MILEAGE is not documented.' } : {}) },
	});
}

async function* sendAndWait<F extends { waitForAnswer: ReturnType<typeof flag> }>(run: Run<F>, params: Values<F>): AsyncGenerator<Row[]> {
	let commandId: string | null;
	try {
		const [row] = await run.ask(params);
		commandId = textOf(row?.commandid);
	} catch (error) {
		if (!(error instanceof FleetError) || error.vendorCode !== SEND_COMMAND_FAILED) throw error;
		yield [{ outcome: 'failed', explanation: error.sentence }];
		return;
	}
	const handedOver = { commandId, answeredAt: null };
	if (!(params as { waitForAnswer: boolean }).waitForAnswer || commandId === null) {
		yield [{ ...handedOver, outcome: 'sent', explanation: 'The vendor took the command; the device\'s answer was not waited for.' }];
		return;
	}
	let row: Row = {};
	for (let asked = 0; asked < ASK_TIMES; asked++) {
		await run.sleep(ASK_EVERY_MS);
		try {
			[row = {}] = await run.call(getStatus, { commandId });
		} catch (error) {
			// The command is on its way: that must not be lost because asking about it failed.
			yield [{ ...handedOver, outcome: 'sent', explanation: `The vendor took the command, but asking for the device's answer failed: ${error instanceof FleetError ? error.message : String(error)}` }];
			return;
		}
		if (Number(row.commandstatus) === ANSWERED) {
			yield [{ ...handedOver, ...answered(row, 'sent'), answeredAt: new Date(run.now()).toISOString() }];
			return;
		}
	}
	yield [{ ...handedOver, ...answered(row, 'timedOut') }];
}

