import { asFleetError } from '../../core/describe/errors';
import { choice, flag, number, type Values } from '../../core/describe/field';
import { operation, type Run } from '../../core/describe/operation';
import { CONFIRMED } from '../../core/describe/outcome';
import { idTextOf, isRecord, recordId, textOf, wholeInId } from '../../core/describe/read';
import type { Message, Row } from '../../core/describe/records';
import { cut } from '../../core/describe/words';
import { body, known, messagesUnder, valueIn, withoutCode } from './answer';
import { texts } from './fields';
import { toPosition } from './position';
import { toTrip } from './trip';
import { DURATIONS_NOTE, UNITS_NOTE, unitsOf } from './units';

/** What the vendor does not keep. */
export const LIMITS =
	'Ctrack discards messages after a time that is not documented. It deletes a queue that is not read for 14 days, with the messages in it.';

export const queue = choice({
	title: 'Queue',
	description: `Which of the account's queues. ${LIMITS}`,
	options: [
		{ value: 'positions', title: 'Positions', description: 'Every new position of every vehicle' },
		{ value: 'trips', title: 'Trips', description: 'Once a day, the trips of the last 24 hours' },
		{ value: 'scripts', title: 'Scripts', description: 'Further data of vehicles whose units send them' },
	],
	initial: 'positions',
});
const TYPES = { positions: 'Positions', trips: 'Trips', scripts: 'Scripts' } as const;
type QueueName = keyof typeof TYPES;

/** Where the word is. */
const ANSWERS = ['subscribe', 'unsubscribe', 'result', 'ack'];
const REFUSAL = /fail|error|fault|invalid|denied|reject|refus|unable|unsuccess|\b(?:no|not|cannot)\b/i;
const SUCCESS = /^(success(\s*=\s*0)?|true|ok)$/i;

/**
 * The answer is a word, {"ErrorCode":0,"Subscribe":"Success"}; one that is not known to mean success is no
 * confirmation, nor is an answer with neither a code nor a word. What a code other than 0 means has been read with the
 * answer.
 */
function wordIn(answer: unknown): Row[] {
	const body = isRecord(answer) ? answer : { answer };
	const code = valueIn(body, 'ErrorCode');
	const rest = Object.entries(withoutCode(body) as Row).filter(([, value]) => value !== null);
	const answers = rest.filter(([name]) => ANSWERS.includes(name.toLowerCase()));
	// Beside the word, only what speaks against it counts.
	const against = rest.filter(
		([name, value]) => !ANSWERS.includes(name.toLowerCase()) && typeof value === 'string' && REFUSAL.test(value),
	);
	const said = (answers.length === 0 ? rest : [...answers, ...against]).map(([, value]) => value);
	const odd = said.find((value) => value !== true && !(typeof value === 'string' && SUCCESS.test(value)));
	const word =
		textOf(said.find((value) => textOf(value) !== null)) ?? (odd === undefined ? null : JSON.stringify(odd));
	if (odd !== undefined)
		return [
			{
				outcome: 'unknown',
				explanation: `Ctrack answered "${cut(textOf(odd) ?? JSON.stringify(odd), 100)}", which is not known to mean success.`,
				response: word,
			},
		];
	return code === undefined && word === null ? [{ response: null }] : [{ ...CONFIRMED, response: word }];
}

const acting = {
	resource: 'queue',
	effect: 'write',
	answer: body,
	rows: wordIn,
} as const;

export const directAccess = flag({
	title: 'Direct Access',
	description:
		'Whether to request direct access. Ctrack requires this value without explaining it; its sample has it on.',
	initial: true,
});

export const subscribe = operation({
	...acting,
	name: 'subscribe',
	title: 'Subscribe',
	action: 'Subscribe to a queue',
	description: 'Have Ctrack fill a queue. It can take up to 24 hours until messages come.',
	route: 'GET /Queues/Subscribe',
	params: { queue, directAccess },
	request: ({ queue, directAccess }) => ({ query: { type: TYPES[queue], directAccess: String(directAccess) } }),
	target: ({ queue }) => ({ target: TYPES[queue], command: 'Subscribe' }),
	evidence: { section: 'Queues/Subscribe', grade: 'C', note: 'The effect of Direct Access is not documented.' },
});

export const unsubscribe = operation({
	...acting,
	name: 'unsubscribe',
	title: 'Unsubscribe',
	action: 'Unsubscribe from a queue',
	description: 'Have Ctrack no longer fill a queue. Messages that are still in it are lost.',
	route: 'GET /Queues/Unsubscribe',
	params: { queue, directAccess },
	request: ({ queue, directAccess }) => ({ query: { type: TYPES[queue], directAccess: String(directAccess) } }),
	target: ({ queue }) => ({ target: TYPES[queue], command: 'Unsubscribe' }),
	evidence: {
		section: 'Queues/Unsubscribe',
		grade: 'C',
		note: 'The effect of Direct Access is not documented.',
	},
});

/** The highest of the tags. As BigInt: nothing says how large they grow. */
const highest = (tags: readonly string[]) => tags.reduce((most, tag) => (BigInt(tag) > BigInt(most) ? tag : most), '0');

export const acknowledge = operation({
	...acting,
	name: 'acknowledge',
	title: 'Acknowledge',
	action: 'Acknowledge messages of a queue',
	description:
		'Acknowledge messages that are processed, so that they do not come again. This covers all messages up to the tag, not only the tags you name. Of several tags only the highest is sent. Acknowledge only when every message before it is processed, too.',
	route: 'GET /Queues/Ack',
	params: {
		queue,
		deliveryTags: texts({
			title: 'Delivery Tags',
			description: 'Tags of the messages, as Get gave them',
			placeholder: 'e.g. 17, 18',
			pattern: /^\d{1,20}$/,
			expected: 'must hold whole numbers',
		}),
	},
	request: ({ queue, tag }: { queue: QueueName; tag: string }) => ({ query: { type: TYPES[queue], Tags: tag } }),
	run: async function* (run, { queue, deliveryTags }) {
		const reader = run.reader(queue);
		yield [
			reader === undefined
				? ((await run.request({ queue, tag: highest(deliveryTags) }))[0] ?? {})
				: await reader.acknowledge(deliveryTags),
		];
	},
	target: ({ queue, deliveryTags }) => ({
		target: TYPES[queue],
		command: `Acknowledge up to ${highest(deliveryTags)}`,
	}),
	evidence: {
		section: 'Queues/Ack',
		grade: 'C',
		note: 'A tag is assumed to be valid only in the session in which it was delivered.',
	},
});

const params = {
	maxMessages: number({
		title: 'Max Messages',
		description: 'Maximum messages to take at once, up to 1000',
		min: 1,
		max: 1000,
		integer: true,
		initial: 500,
	}),
	autoAck: flag({
		title: 'Acknowledge at Once',
		description:
			'Whether Ctrack removes the messages as soon as it has sent them. They are lost if the answer is lost, or if what follows fails. While off, use Acknowledge once they are processed.',
		initial: false,
	}),
};

/**
 * Identifies a message by all that it says but its delivery tag: tags start anew with each session (facts 3.4), and
 * messages can come again. Two that differ in anything else are two, such as a trip and its correction.
 */
function idOf(queue: QueueName, row: Row): string {
	const { NodeId } = known(row);
	const rest = Object.entries(row).filter(([name]) => name.toLowerCase() !== 'deliverytag');
	return recordId(queue, idTextOf(NodeId), wholeInId(Object.fromEntries(rest)));
}

/**
 * A message that cannot be simplified is given as it came, and says so: with an error in its place, the whole batch
 * would be lost.
 */
function orAsItCame(row: Row, simplify: (row: Row) => object): object {
	try {
		return simplify(row);
	} catch (error) {
		const unread = asFleetError(error);
		if (unread.unreadable) return { ...row, unreadable: unread.message };
		throw unread;
	}
}

function toMessage(queue: QueueName, row: Row, simplify: (row: Row) => object): Message {
	return {
		queue,
		record: orAsItCame(row, simplify),
		deliveryTag: idTextOf(valueIn(row, 'DeliveryTag')),
		id: idOf(queue, row),
	};
}

const LOST = 'The messages that it took from the queue may be lost, because they were acknowledged at once.';
const COMES_AGAIN =
	'Its messages are still in the queue and may come again. Until they have, acknowledge no higher tag than the last one you received, or they are deleted unseen.';

const NOT_SUBSCRIBED =
	'If the account is not subscribed to this queue, subscribe to it first. It can take up to 24 hours until messages come.';

/**
 * A Get whose answer was lost is not sent again, because it may have taken messages from the queue; the user is told
 * what that means.
 */
async function* get(run: Run<Values<typeof params>>, given: Values<typeof params>): AsyncGenerator<Row[]> {
	try {
		yield await run.request(given);
	} catch (thrown) {
		const error = asFleetError(thrown);
		if (error.effect !== 'unknown' || error.tooOften) throw error;
		// A refusal has come, and no message in it.
		if (error.vendorCode !== undefined)
			throw error.unexplained ? error.with({ advice: `${error.advice} ${NOT_SUBSCRIBED}`.trim() }) : error;
		throw error.with({ advice: `${given.autoAck ? LOST : COMES_AGAIN} ${error.advice}`.trim() });
	}
}

const gets = {
	resource: 'queue',
	effect: 'read',
	consuming: true,
	params,
	request: ({ maxMessages, autoAck }: Values<typeof params>) => ({
		query: { autoack: String(autoAck), limit: maxMessages },
	}),
	answer: body,
	kind: 'message',
	run: get,
	list: true,
} as const;

const TAKES = 'Takes the oldest messages that were not acknowledged, once: a Get without an answer is not repeated.';

export const getPositions = operation({
	...gets,
	name: 'getPositions',
	title: 'Get Positions',
	action: 'Get positions from the queue',
	description: `Get new positions of all vehicles from the queue. ${TAKES}`,
	route: 'GET /Queues/GetPositions',
	rows: messagesUnder('VehiclePositionsDetailed'),
	record: (row, _, connection) => toMessage('positions', row, (message) => toPosition(message, unitsOf(connection))),
	evidence: { section: 'Queues/GetPositions', grade: 'C', note: UNITS_NOTE },
});

export const getTrips = operation({
	...gets,
	name: 'getTrips',
	title: 'Get Trips',
	action: 'Get trips from the queue',
	description: `Get completed trips of all vehicles from the queue, which Ctrack fills once a day. ${TAKES}`,
	route: 'GET /Queues/GetTrips',
	rows: messagesUnder('VehicleTripsDetailed'),
	record: (row, _, connection) => toMessage('trips', row, (message) => toTrip(message, unitsOf(connection))),
	evidence: {
		section: 'Queues/GetTrips',
		grade: 'L',
		note: `Only a single record is documented; several are assumed to come as in Get Positions. ${DURATIONS_NOTE} ${UNITS_NOTE}`,
	},
});

export const getScripts = operation({
	...gets,
	name: 'getScripts',
	title: 'Get Scripts',
	action: 'Get script data from the queue',
	description: `Get further data of vehicles from the queue. Only certain units send them. ${TAKES}`,
	route: 'GET /Queues/GetScripts',
	rows: messagesUnder(),
	record: (row) => toMessage('scripts', row, (message) => message),
	evidence: {
		section: 'Queues/GetScripts',
		grade: 'U',
		note: 'The answer is not documented: the record in each message is passed on unchanged.',
	},
});
