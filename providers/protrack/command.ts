import { FleetError, UnexpectedAnswer } from '../../core/describe/errors';
import { choice, flag, number, text, type Values } from '../../core/describe/field';
import { operation, type Run } from '../../core/describe/operation';
import { asRow, idTextOf, textOf } from '../../core/describe/read';
import type { CommandOutcome, Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { integer } from '../integer';
import { recordObject } from './answer';
import type { Brand } from './brand';
import { saidOf } from './device-answer';
import { device } from './fields';

const COMMANDS = [
	{ value: 'RELAY,1', title: 'Stop Engine', description: 'Cut fuel or starter through the relay' },
	{ value: 'RELAY,0', title: 'Restore Engine', description: 'Let the engine run again' },
	{ value: 'LOCKDOOR', title: 'Lock Doors' },
	{ value: 'UNLOCKDOOR', title: 'Unlock Doors' },
	{ value: 'RESET', title: 'Reset Device', description: 'Restart the tracker' },
] as const;
const SET_MILEAGE = {
	value: 'SET_MILEAGE',
	title: 'Set Mileage',
	description: 'Set the odometer of the device',
} as const;

/** Section 2.6: "query once every 1 second, up to 30 seconds". */
const ASK_EVERY_MS = 1000;
const ASK_TIMES = 30;

const ANSWERED = 1;

const WORDS_NOTE =
	'Devices answer in their own words. If they clearly say that it was done, the outcome is confirmed; after a plain refusal it is failed. Anything else is answered, for example "later" or "already done": read the words in the response. Continue after confirmed only.';

export const getStatus = operation({
	resource: 'command',
	name: 'getStatus',
	title: 'Get Answer',
	action: 'Get the answer to a command',
	description: 'Ask whether a device has answered a command that was sent earlier',
	effect: 'read',
	route: 'POST /api/command/query',
	params: {
		commandId: text({
			title: 'Command ID',
			description: 'The commandId returned by Send',
			placeholder: 'e.g. 1B454',
			max: 100,
		}),
	},
	request: ({ commandId }) => ({ query: { commandid: commandId } }),
	answer: recordObject,
	rows: (answer) => [asRow(answer, 'the answer to a command')],
	record: (row, { commandId }): CommandOutcome => {
		const { outcome, explanation, response } = becameOf(row, null, 'sent');
		return {
			deviceName: null,
			plate: null,
			sentAt: null,
			answeredAt: null,
			outcome,
			explanation,
			command: null,
			response,
			operation: 'command.getStatus',
			target: null,
			commandId,
			deviceId: null,
		};
	},
	kind: 'commandOutcome',
	evidence: {
		section: '2.6',
		grade: 'C',
		note: `${WORDS_NOTE} Which command was sent is not known here: check that the response is about it.`,
	},
});

/** Whether the device has answered (section 2.6). @throws UnexpectedAnswer if the vendor does not say */
function hasAnswered({ commandstatus }: Row): boolean {
	const status = integer.safeParse(commandstatus);
	if (!status.success)
		throw new UnexpectedAnswer('The vendor does not say whether the device has answered.', {
			advice: 'Please report it with the operation that you ran.',
		});
	return status.data === ANSWERED;
}

/**
 * What became of a command (section 2.6), which may not be known; `otherwise` is the outcome while there is no answer.
 */
function becameOf(
	row: Row,
	command: string | null,
	otherwise: 'sent' | 'timedOut',
): Pick<CommandOutcome, 'outcome' | 'explanation' | 'response'> {
	const response = wordsOf(row.response);
	if (!hasAnswered(row)) {
		const explanation =
			otherwise === 'sent'
				? 'The device has not answered yet.'
				: `The vendor took the command, but the device did not answer within ${String(ASK_TIMES)} s. It may still carry it out: ask again with Get Answer before you repeat it.`;
		return { outcome: otherwise, explanation, response };
	}
	if (response === null)
		return {
			outcome: 'answered',
			explanation: 'The device answered without a word. It is not taken as done.',
			response,
		};
	// What is no text is shown, and not understood.
	const outcome = typeof row.response === 'string' ? saidOf(response, command) : 'answered';
	return { outcome, explanation: EXPLANATIONS[outcome](cut(response.trim())), response };
}

function wordsOf(response: unknown): string | null {
	if (response === undefined || response === null) return null;
	// Trackers fill up with NUL.
	return textOf(typeof response === 'string' ? response.replaceAll('\0', '') : JSON.stringify(response));
}

const EXPLANATIONS = {
	confirmed: (words: string) => `The device answered "${words}".`,
	failed: (words: string) => `The device answered that it did not carry out the command: "${words}".`,
	answered: (words: string) => `The device answered "${words}": read what it says. It is not taken as done.`,
} as const;

const SendAnswer = recordObject;

const paramsOf = (brand: Brand) => ({
	device,
	command: choice({
		title: 'Command',
		description: 'What the device should do',
		options: brand.setsMileage ? [...COMMANDS, SET_MILEAGE] : COMMANDS,
	}),
	...(brand.setsMileage
		? {
				mileage: number({
					title: 'Mileage',
					description:
						'Value for Set Mileage, which needs it. The unit is not documented; a known client sends metres.',
					min: 0,
					max: 100_000_000,
					integer: true,
					when: { command: [SET_MILEAGE.value] },
				}),
			}
		: {}),
	waitForAnswer: flag({
		title: 'Wait for Answer',
		description: 'Whether to ask once a second, up to 30 times, what the device answered',
		initial: true,
	}),
});

type Params = Values<ReturnType<typeof paramsOf>>;

export function send(brand: Brand) {
	return operation({
		resource: 'command',
		name: 'send',
		title: 'Send',
		action: 'Send a command to a device',
		description:
			"Send a command to a device, once. The outcome is confirmed, answered (read the device's words), sent, timed out, failed or unknown.",
		effect: 'command',
		route: 'POST /api/command/send',
		params: paramsOf(brand),
		request: ({ device: imei, command, mileage }) => ({
			query: {
				imei,
				command,
				paramData: command === SET_MILEAGE.value ? JSON.stringify({ mileage: String(mileage) }) : undefined,
			},
		}),
		target: ({ device: target, command }) => ({ target, command }),
		answer: SendAnswer,
		rows: (answer) => [answer],
		run: sendAndWait,
		check: ({ command, mileage }) =>
			command === SET_MILEAGE.value && mileage === undefined
				? 'Mileage is missing: Set Mileage needs the value to set.'
				: undefined,
		evidence: {
			section: '2.5',
			grade: 'C',
			note: `${WORDS_NOTE}${brand.setsMileage ? ' The unit of SET_MILEAGE is not documented.' : ''}`,
		},
	});
}

async function* sendAndWait(run: Run<Params>, params: Params): AsyncGenerator<Row[]> {
	// What the vendor does not send on is an error, whatever its code: an outcome is about what has gone out.
	const [row] = await run.request(params);
	const commandId = idTextOf(row?.commandid);
	const handedOver = { commandId, answeredAt: null };
	const { waitForAnswer, command } = params;
	if (commandId === null) {
		yield [
			{
				...handedOver,
				outcome: 'unknown',
				explanation:
					"The vendor's answer has no command number, so the result cannot be looked up. Check whether it was done before you repeat it.",
			},
		];
		return;
	}
	if (!waitForAnswer) {
		yield [
			{
				...handedOver,
				outcome: 'sent',
				explanation: "The vendor took the command; the device's answer was not waited for.",
			},
		];
		return;
	}
	let answer: Row = {};
	for (let asked = 0; asked < ASK_TIMES; asked++) {
		await run.sleep(ASK_EVERY_MS);
		try {
			[answer = {}] = await run.call(getStatus, { commandId });
			if (hasAnswered(answer)) {
				const answeredAt = new Date(run.now()).toISOString();
				yield [{ ...handedOver, ...becameOf(answer, command, 'sent'), answeredAt }];
				return;
			}
		} catch (error) {
			// The command is on its way: that must not be lost because asking about it failed.
			yield [
				{
					...handedOver,
					outcome: 'sent',
					explanation: `The vendor took the command, but asking for the device's answer failed: ${error instanceof FleetError ? error.message : String(error)}`,
				},
			];
			return;
		}
	}
	yield [{ ...handedOver, ...becameOf(answer, command, 'timedOut') }];
}
